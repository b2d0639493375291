import Diagnostics
import Foundation
import GRDB

/// When a run takes samples of its progress, and how they stay few.
package struct SampleSchedule: Sendable {
  /// More are thinned out. A run of any length then has from 128 to 256.
  static let limit = 256
  private var nextAt = Date.distantPast
  private var seconds = 2.0
  private var count = 0

  package init() {}

  package mutating func add(_ db: Database, run: Int64, _ progress: RunProgress, at now: Date) throws {
    guard now >= nextAt else { return }
    try db.run(
      """
      INSERT INTO run_sample (run, at_ms, blocks, voxels, written_voxels, bytes, worked_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING
      """,
      [
        run, now.milliseconds, progress.blocks, progress.voxels, progress.writtenVoxels, progress.bytes,
        progress.workedMilliseconds,
      ])
    count += db.changesCount
    if count > Self.limit {
      try db.run(
        """
        DELETE FROM run_sample WHERE run = ?1 AND at_ms IN (
          SELECT at_ms FROM (SELECT at_ms, row_number() OVER (ORDER BY at_ms) AS n FROM run_sample WHERE run = ?1)
          WHERE n % 2 = 0
        )
        """, [run])
      count -= db.changesCount
      seconds *= 2
    }
    // a little early, so that a heartbeat that is a moment early is not the next but one
    nextAt = now + seconds * 0.9
  }
}
