import Foundation
import GRDB
import Geometry

/// The row of one brick, read and written within one transaction: bits are never written from memory.
struct BrickRow {
  let place: BrickPlace
  var done: Bitmap
  var empty: Bitmap
  /// Blocks that can be claimed.
  var pending: Int

  /// The columns that `init(_:_:)` and `BrickContents` read.
  static let columns = "brick, state, pending, done, empty"

  /// An untouched brick.
  init(_ place: BrickPlace) {
    self.place = place
    done = Bitmap(count: place.count)
    empty = Bitmap(count: place.count)
    pending = place.count
  }

  /// The row, or nil for an untouched brick.
  static func load(_ db: Database, job: JobID, level: Int, _ place: BrickPlace) throws -> BrickRow? {
    let row = try db.row(
      "SELECT \(columns) FROM brick WHERE job = ? AND level = ? AND brick = ?",
      [job, level, place.number])
    return try row.map { try BrickRow(place, $0) }
  }

  /// Reads `columns`.
  init(_ place: BrickPlace, _ row: StoredRow) throws {
    self.init(place)
    pending = try row.integer("pending")
    switch try row.text("state") {
    case "done": done = .full(count: place.count)
    case "empty": empty = .full(count: place.count)
    case "mixed":
      done = try BrickRow.bitmap(row, "done", place)
      empty = done
      empty.invert()
    default:
      done = try BrickRow.bitmap(row, "done", place)
      empty = try BrickRow.bitmap(row, "empty", place)
    }
  }

  var isSettled: Bool { done.population + empty.population == place.count }

  /// Finished bricks keep one bitmap or none.
  func save(_ db: Database, job: JobID, level: Int) throws {
    let values: Database.Values
    switch (done.population, empty.population) {
    case (place.count, _): values = [job, level, place.number, "done", 0, nil, nil]
    case (_, place.count): values = [job, level, place.number, "empty", 0, nil, nil]
    case (let a, let b) where a + b == place.count: values = [job, level, place.number, "mixed", 0, done.data, nil]
    default: values = [job, level, place.number, "open", pending, done.data, empty.data]
    }
    try db.run(
      """
      INSERT INTO brick (job, level, brick, state, pending, done, empty) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (job, level, brick) DO UPDATE
      SET state = excluded.state, pending = excluded.pending, done = excluded.done, empty = excluded.empty
      """, values)
  }

  /// The blocks of a brick that claims hold, of all runs or of those given.
  static func claimed(
    _ db: Database, job: JobID, level: Int, _ place: BrickPlace, runs: Set<Int64>? = nil
  ) throws -> Bitmap {
    var all = Bitmap(count: place.count)
    try db.each("SELECT blocks, run FROM claim WHERE job = ? AND level = ? AND brick = ?", [job, level, place.number]) {
      if let runs, !runs.contains(Int64(try $0.integer("run"))) { return }
      all.formUnion(try bitmap($0, "blocks", place))
    }
    return all
  }

  /// The blocks of a brick that failed and were not set to be tried again.
  static func failed(_ db: Database, job: JobID, level: Int, _ place: BrickPlace) throws -> Bitmap {
    var all = Bitmap(count: place.count)
    try db.each(
      """
      SELECT block FROM failure INDEXED BY failure_open WHERE job = ? AND level = ? AND brick = ? AND failed = 1
      """, [job, level, place.number]
    ) {
      let index = try $0.integer("block")
      guard (0..<place.count).contains(index) else { throw damage(place) }
      all[index] = true
    }
    return all
  }

  static func bitmap(_ row: StoredRow, _ column: String, _ place: BrickPlace) throws -> Bitmap {
    guard let bits = Bitmap(try row.blob(column), count: place.count) else { throw damage(place) }
    return bits
  }

  static func damage(_ place: BrickPlace) -> any Error {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the bits of brick \(place.number) do not fit it")
  }
}
