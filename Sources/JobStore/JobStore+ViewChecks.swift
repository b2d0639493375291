import Foundation
import GRDB
import Geometry

/// Checks of a job's views: which blocks rest on views that nobody has found as recorded since, and what becomes of these
/// when a view changed.
extension JobStore {
  /// A check of the views of a job; a later one has a larger number.
  public typealias ViewCheck = Int64

  /// Notes that somebody begins to compare the views with their record. What is recorded from now on is not covered by it.
  public func beginViewCheck(of job: JobID) throws(JobStoreError) -> ViewCheck {
    try beginViewCheck(of: job, run: nil, milliseconds: 0)
  }

  func beginViewCheck(of job: JobID, run: Int64?, milliseconds: Int) throws(JobStoreError) -> ViewCheck {
    try write { db in
      _ = try self.storedState(db, job)
      try db.insert(into: "view_check", ["job": job, "run": run, "begun_ms": milliseconds])
      return db.lastInsertedRowID
    }
  }

  /// All views were as recorded: what was recorded before the check began need not be asked about again.
  public func foundViewsAsRecorded(by check: ViewCheck, of job: JobID) throws(JobStoreError) {
    try foundViewsAsRecorded(by: check, of: job, milliseconds: 0)
  }

  func foundViewsAsRecorded(by check: ViewCheck, of job: JobID, milliseconds: Int) throws(JobStoreError) {
    try write { db in
      try db.run("UPDATE view_check SET good_ms = max(begun_ms, ?) WHERE id = ?", [milliseconds, check])
      try UncheckedBlocks.clear(db, job: job, before: check)
    }
  }

  /// Whether blocks were recorded that no check has covered yet.
  public func hasUncheckedBlocks(_ job: JobID) throws(JobStoreError) -> Bool {
    try read { db in
      try db.row("SELECT 1 FROM unchecked WHERE job = ? AND (blocks IS NULL OR blocks <> zeroblob(length(blocks))) LIMIT 1", [job]) != nil
    }
  }

  /// Views changed: the blocks of level 0 that no check has covered and that such views touch, and all blocks above them,
  /// become pending. Returns how many were done, empty or failed.
  ///
  /// Other live runs of the job, which may have made blocks of what was read meanwhile, record nothing more.
  ///
  /// - Parameters:
  ///   - reason: told to other runs, and by them to their users.
  ///   - own: the run that found it, which ends itself.
  ///   - isTouched: whether a block of level 0 is made of what changed.
  public func setBackUnchecked(
    _ job: JobID, because reason: String, own: Run.ID? = nil, isTouched: (TCZYX) throws -> Bool
  ) throws -> Int {
    try writeBeside { db in
      let state = try self.storedState(db, job)
      try self.freeDead(db, job, except: own)
      try db.run(
        "UPDATE run SET views_changed = ? WHERE job = ? AND ended_ms IS NULL AND id <> ?", [reason, job, own ?? 0])
      let levels = try LevelRow.all(db, job: job)
      guard let lowest = levels.first else { return 0 }
      let changed = try JobStore.setPending(
        db, job, levels, lowest: try UncheckedBlocks.take(db, job: job, lowest, where: isTouched))
      let isRunning = try db.integer("SELECT count(*) FROM run WHERE job = ? AND ended_ms IS NULL", [job]) ?? 0 > 0
      if changed > 0, !isRunning { try self.decideState(db, job, before: state, after: .setBack) }
      return changed
    }
  }

  /// Blocks of level 0, by brick, as bits, and all blocks above them become pending; returns how many were not.
  static func setPending(_ db: Database, _ job: JobID, _ levels: [LevelRow], lowest: [Int: Set<Int>]) throws -> Int {
    var (chosen, changed) = (lowest, 0)
    for level in levels {
      for (brick, indices) in chosen {
        changed += try JobStore.setPending(db, job, level.layout.level, try level.place(brick), Array(indices))
      }
      let next = level.layout.level + 1
      guard next < levels.count else { break }
      chosen = try JobStore.blocks(of: levels[next], madeFrom: chosen, of: level)
    }
    return changed
  }

  private static func blocks(of level: LevelRow, madeFrom blocks: [Int: Set<Int>], of below: LevelRow) throws -> [Int: Set<Int>] {
    var above: [Int: Set<Int>] = [:]
    for (brick, indices) in blocks {
      let place = try below.place(brick)
      for position in indices.map(place.position(at:)) {
        for made in level.layout.blocks(madeFrom: position, in: below.layout).positions {
          let block = TCZYX(t: position.t, c: position.c, zyx: made)
          let number = level.bricks.number(of: block)
          guard let index = BrickPlace(number, in: level.bricks).index(of: block) else { continue }
          above[number, default: []].insert(index)
        }
      }
    }
    return above
  }
}
