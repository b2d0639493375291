import Foundation
import GRDB
import JobStore
import TestSupport
import Testing

@Suite struct UpkeepTests {
  @Test func aBackupOfARunningJobIsWholeAndItsOwn() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 3)
    _ = try run.claim(level: 0, limit: 2)
    let copy = scene.folder.file("copy.sqlite")
    try scene.reopened(.readOnly).backup(to: copy)
    try run.work(level: 0, limit: 3)
    let store = try JobStore.open(copy, mode: .readOnly)
    #expect(try store.job(job).counts == BlockCounts(total: 8, done: 3))
    #expect(try store.job(job).state == .interrupted)
    #expect(try store.integrityCheck() == [])
    #expect(throws: JobStoreError.fileExists(path: copy)) { try scene.store.backup(to: copy) }
    let missing = scene.folder.file("missing/copy.sqlite")
    #expect(throws: JobStoreError.noParentFolder(path: missing)) { try scene.store.backup(to: missing) }
    let names = try FileManager.default.contentsOfDirectory(atPath: scene.folder.path)
    #expect(!names.contains { $0.hasSuffix(".tmp") })
    try run.end(.interrupted)
  }

  @Test func countsThatDoNotFitTheBricksAreFound() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 3)
    try run.end(.interrupted)
    #expect(try scene.store.integrityCheck() == [])
    let queue = try DatabaseQueue(path: scene.path)
    try queue.write { db in try db.execute(sql: "UPDATE level SET done = 4") }
    #expect(try scene.store.integrityCheck().count == 1)
    try queue.write { db in try db.execute(sql: "UPDATE level SET done = 3; UPDATE brick SET pending = 6") }
    #expect(try scene.store.integrityCheck().count == 1)
    try queue.write { db in try db.execute(sql: "UPDATE brick SET pending = 5, done = x'1F', empty = x'01'") }
    #expect(try scene.store.integrityCheck().isEmpty == false)
  }

  /// Whatever bytes of the file are wrong: an answer or an error, never a trap.
  @Test func damageNeverTraps() throws {
    let scene = try Scene()
    let job = try scene.job([size(3, 40, 50), size(1, 20, 25)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 100, .failed(code: "c", message: "m"))
    try run.work(level: 0, limit: 700)
    _ = try run.claim(level: 0, limit: 20)
    try scene.store.close()
    let url = URL(fileURLWithPath: scene.path)
    let whole = try Data(contentsOf: url)
    var random = SeededRandom(7)
    var failed = 0
    for _ in 0..<60 {
      var bytes = whole
      for _ in 0..<40 {
        bytes[Int.random(in: 100..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      try bytes.write(to: url)
      do {
        let store = try JobStore.open(scene.path, mode: .existing)
        if try !store.integrityCheck().isEmpty { failed += 1 }
        _ = try store.job(job)
        _ = try store.allBlocks(of: job)
        _ = try store.retry(job)
        let run = try store.beginRun(job: job, join: true, info: .sample())
        try run.work(level: 0, limit: 3000)
        try run.work(level: 1, limit: 100)
        try run.end(.finished)
        try store.close()
      } catch {
        failed += 1
      }
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: scene.path + suffix) }
    }
    #expect(failed > 0)
  }

  /// The tables themselves refuse what cannot be.
  @Test(arguments: [
    "UPDATE job SET state = 'creating'", "UPDATE job SET state = 'asleep'", "UPDATE job SET state = 'complete'",
    "UPDATE level SET done = 9", "UPDATE level SET failed = -1", "UPDATE brick SET state = 'done'",
    "UPDATE brick SET empty = NULL", "UPDATE brick SET pending = 5000", "UPDATE brick SET done = 'text'",
    "UPDATE claim SET count = 0", "UPDATE run SET outcome = 'died'",
    "DELETE FROM claim WHERE 0; UPDATE claim SET brick = 7",
    "INSERT INTO view_transform (view) VALUES (1)",
    "INSERT INTO failure VALUES (1, 0, 5, 0, 0, 0, 0, 0, 0, 1, '', '', 1, 0)",
  ])
  func impossibleStatesAreRefused(sql: String) throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 3)
    _ = try run.claim(level: 0, limit: 2)
    let queue = try DatabaseQueue(path: scene.path)
    let error = #expect(throws: DatabaseError.self) { try queue.write { db in try db.execute(sql: sql) } }
    #expect(error?.resultCode == .SQLITE_CONSTRAINT)
    try run.end(.interrupted)
  }
}
