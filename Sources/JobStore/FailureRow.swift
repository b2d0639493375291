import Diagnostics
import Foundation
import GRDB
import Geometry

/// The rows of blocks that ever failed: how often, and why the last time. `failed` is 1 until a block is set to be tried
/// again, or is done.
enum FailureRow {
  /// The columns that `BlockFailure.init(_:)` reads.
  static let columns = "level, brick, block, t, c, z, y, x, failed, code, message, attempts, at_ms"

  static func load(_ db: Database, job: JobID, level: Int, _ place: BrickPlace, _ block: Int) throws -> BlockFailure? {
    try db.row(
      "SELECT \(columns) FROM failure WHERE job = ? AND level = ? AND brick = ? AND block = ?",
      [job, level, place.number, block]
    ).map { try BlockFailure($0, in: place) }
  }

  /// Records that a block failed, once more if it did before. The brick must have a row.
  static func add(
    _ db: Database, job: JobID, level: Int, _ place: BrickPlace, _ block: Int, code: String, message: String, at: Date
  ) throws {
    let p = place.position(at: block)
    try db.run(
      """
      INSERT INTO failure (job, level, brick, block, t, c, z, y, x, failed, code, message, attempts, at_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, 1, ?)
      ON CONFLICT (job, level, brick, block) DO UPDATE
      SET failed = 1, code = excluded.code, message = excluded.message, attempts = attempts + 1, at_ms = excluded.at_ms
      """,
      [job, level, place.number, block, p.t, p.c, p.z, p.y, p.x, code, message, at.milliseconds])
  }

  /// One block counts as failed no more; its row stays.
  static func settle(_ db: Database, job: JobID, level: Int, _ place: BrickPlace, _ block: Int) throws {
    try db.run(
      "UPDATE failure SET failed = 0 WHERE job = ? AND level = ? AND brick = ? AND block = ?",
      [job, level, place.number, block])
  }

  /// No block of a job counts as failed any more; returns how many did.
  static func settleAll(_ db: Database, job: JobID) throws -> Int {
    try db.run("UPDATE failure SET failed = 0 WHERE job = ? AND failed = 1", [job])
    return db.changesCount
  }
}

extension BlockFailure {
  /// Reads `FailureRow.columns`.
  ///
  /// - Parameter levels: those of the job, from 0.
  init(_ row: StoredRow, levels: [LevelRow]) throws {
    let level = try row.integer("level")
    guard levels.indices.contains(level) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a block of level \(level), which is not there, failed")
    }
    try self.init(row, in: levels[level].place(try row.integer("brick")))
  }

  /// - Parameter place: that of its brick.
  init(_ row: StoredRow, in place: BrickPlace) throws {
    let (position, index) = (try row.position(), try row.integer("block"))
    guard place.index(of: position) == index else { throw BrickRow.damage(place) }
    self.init(
      block: BlockID(level: try row.integer("level"), position: position),
      code: try row.text("code"), message: try row.text("message"), attempts: try row.integer("attempts"),
      at: try row.date("at_ms"), isFailed: try row.integer("failed") == 1)
  }
}
