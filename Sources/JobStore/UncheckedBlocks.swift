import Foundation
import GRDB
import Geometry

/// Blocks of level 0 that were recorded since a check last found all views as recorded: a bitmap a brick and check, read and
/// written within the transaction that records the blocks.
enum UncheckedBlocks {
  /// The latest check of a job's views that has begun; 0 if there was none.
  static func lastCheck(_ db: Database, job: JobID) throws -> Int64 {
    Int64(try db.integer("SELECT ifnull(max(id), 0) FROM view_check WHERE job = ?", [job]) ?? 0)
  }

  /// - Parameter blocks: nil: all of the brick.
  static func add(_ db: Database, job: JobID, _ place: BrickPlace, _ blocks: Bitmap?, since check: Int64) throws {
    var all = blocks
    let row = try db.row(
      "SELECT blocks FROM unchecked WHERE job = ? AND level = 0 AND brick = ? AND since = ?", [job, place.number, check])
    if let row {
      guard let known = try bitmap(row, place) else { return }
      all?.formUnion(known)
    }
    try db.run(
      """
      INSERT INTO unchecked (job, level, brick, since, blocks) VALUES (?, 0, ?, ?, ?)
      ON CONFLICT (job, level, brick, since) DO UPDATE SET blocks = excluded.blocks
      """, [job, place.number, check, all?.data])
  }

  /// All views were found as recorded by a check: what was recorded before it began is made of them.
  static func clear(_ db: Database, job: JobID, before check: Int64) throws {
    try db.run("DELETE FROM unchecked WHERE job = ? AND since < ?", [job, check])
  }

  /// Takes out the blocks that `isChosen` names, a set for each brick.
  static func take(_ db: Database, job: JobID, _ level: LevelRow, where isChosen: (TCZYX) throws -> Bool) throws -> [Int: Set<Int>] {
    var taken: [Int: Set<Int>] = [:]
    let rows = try db.rows("SELECT brick, since, blocks FROM unchecked WHERE job = ? AND level = 0", [job])
    for row in rows {
      let place = try level.place(try row.integer("brick"))
      var rest = try bitmap(row, place) ?? .full(count: place.count)
      let before = rest.population
      for index in 0..<place.count where rest[index] {
        guard try isChosen(place.position(at: index)) else { continue }
        rest[index] = false
        taken[place.number, default: []].insert(index)
      }
      if rest.population == before { continue }
      try db.run(
        "UPDATE unchecked SET blocks = ? WHERE job = ? AND level = 0 AND brick = ? AND since = ?",
        [rest.data, job, place.number, try row.integer("since")])
    }
    return taken
  }

  private static func bitmap(_ row: StoredRow, _ place: BrickPlace) throws -> Bitmap? {
    guard let data = try row.optionalBlob("blocks") else { return nil }
    guard let bits = Bitmap(data, count: place.count) else { throw BrickRow.damage(place) }
    return bits
  }
}
