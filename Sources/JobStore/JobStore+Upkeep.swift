import Faults
import Files
import Foundation
import GRDB
import Geometry

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Copies and checks of the whole database.
extension JobStore {
  /// Copies the database to a new file, also while jobs run: the copy is one moment's state. It appears under its name
  /// only when it is whole and on disk.
  public func backup(to destination: String) throws(JobStoreError) {
    let file = try DatabaseFile(destination)
    guard try file.contentAnywhere() == .missing else { throw .fileExists(path: file.path) }
    let temporary = try BackupFile(in: file.folder, as: file.path)
    if FileSystemKind.network(at: file.folder) == nil {
      try copy(to: temporary.path, as: file.path)
    } else {
      // SQLite writes beside the original, which is on a local disk; where the copy goes is none
      let local = try BackupFile(in: DatabaseFile(path).folder, as: file.path)
      try copy(to: local.path, as: file.path)
      try temporary.fill(from: local.path, as: file.path)
    }
    try DatabaseFile.synchronize(temporary.path, as: file.path)
    try reach(.backupMade)
    try file.appear(from: temporary.path)
    try DatabaseFile.synchronize(file.folder, as: file.path)
  }

  /// - Parameter name: what errors call the file.
  private func copy(to path: String, as name: String) throws(JobStoreError) {
    try JobStore.caught(name) {
      let copy = try DatabaseQueue(path: path)
      try databaseReader.backup(to: copy)
      // one file, whoever reads it, that is not taken for the database before `restore` makes it that
      try copy.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA application_id = \(Migrator.backupID)")
      }
      try copy.close()
    }
  }

  /// Everything that is wrong with the file or with what it says: SQLite's own check, and whether the counts of each level are
  /// those of its bricks. Empty if all is well. Reads everything.
  public func integrityCheck() throws(JobStoreError) -> [String] {
    try read { db in
      var problems = try db.rows("PRAGMA integrity_check").map { try $0.text("integrity_check") }.filter { $0 != "ok" }
      // a page that the disk did not give is told as one that is wrong
      if let number = problems.compactMap(JobStore.readError).first {
        throw DatabaseError(resultCode: ResultCode(rawValue: number), message: "a page cannot be read: disk I/O error")
      }
      if !problems.isEmpty { return problems }
      try db.each("PRAGMA foreign_key_check") { row in
        problems.append("a row of \(try row.text("table")) belongs to nothing")
      }
      for row in try db.rows("SELECT id, fixed_sum, views_sum FROM job") {
        let job = try row.integer("id")
        let changed = try FixedRows.problems(db, row)
        problems += changed
        // what the levels say of their bricks means nothing then
        if !changed.isEmpty { continue }
        for level in try LevelRow.all(db, job: job) {
          problems += try self.problems(db, job, level).map { "job \(job), level \(level.layout.level): \($0)" }
        }
      }
      return problems
    }
  }

  /// The error of the disk that a line of SQLite's own check speaks of.
  package static func readError(_ line: String) -> Int32? {
    guard let place = line.range(of: "error code="), let number = Int32(line[place.upperBound...].prefix { $0.isNumber }),
      ResultCode(rawValue: number).primaryResultCode == .SQLITE_IOERR
    else { return nil }
    return number
  }

  private func problems(_ db: Database, _ job: JobID, _ level: LevelRow) throws -> [String] {
    let number = level.layout.level
    var problems: [String] = []
    var (done, empty, failed) = (0, 0, 0)
    try db.each(
      "SELECT \(BrickRow.columns) FROM brick WHERE job = ? AND level = ? ORDER BY brick", [job, number]
    ) { row in
      let brick = try row.integer("brick")
      guard (0..<level.bricks.count).contains(brick) else {
        problems.append("brick \(brick) is outside the level")
        return
      }
      let place = BrickPlace(brick, in: level.bricks)
      let bits = try BrickRow(place, row)
      done += bits.done.population
      empty += bits.empty.population
      guard try row.text("state") == "open" else { return }
      let failures = try BrickRow.failed(db, job: job, level: number, place)
      let claims = try BrickRow.claimed(db, job: job, level: number, place)
      failed += failures.population
      var all = Bitmap(count: place.count)
      var sum = 0
      for part in [bits.done, bits.empty, failures, claims] {
        all.formUnion(part)
        sum += part.population
      }
      if all.population != sum { problems.append("brick \(brick) has blocks in two states") }
      if sum + bits.pending != place.count { problems.append("brick \(brick) has \(bits.pending) as pending, wrongly") }
    }
    if (done, empty, failed) != (level.done, level.empty, level.failed) {
      problems.append(
        "counts \(level.done) done, \(level.empty) empty, \(level.failed) failed; the bricks say "
          + "\(done), \(empty), \(failed)"
      )
    }
    let untouched = try level.firstUntouched(db, job: job, from: 0)
    if level.untouched > untouched { problems.append("brick \(untouched) was passed over") }
    return problems
  }
}
