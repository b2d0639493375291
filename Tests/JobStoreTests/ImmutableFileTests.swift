import Foundation
import GRDB
import JobStore
import Testing

/// A database that is read without locks.
@Suite struct ImmutableFileTests {
  @Test func isReadWithoutFilesBesideIt() throws {
    let scene = try Scene()
    _ = try scene.job([size(1, 1, 1)])
    try scene.store.close()
    for suffix in ["-shm", "-wal", ".lock"] { try? FileManager.default.removeItem(atPath: scene.path + suffix) }
    let file = ImmutableFile(scene.path)
    let queue = try file.open()
    #expect(try queue.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM job") } == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scene.folder.path) == ["jobs.sqlite"])
    #expect(file.isUnchanged)
  }

  @Test func aWriterIsNoticed() throws {
    let scene = try Scene()
    let job = try scene.job([size(1, 1, 1)])
    try scene.store.close()
    let file = ImmutableFile(scene.path)
    #expect(file.isUnchanged)
    let store = try scene.reopened()
    _ = try store.beginRun(job: job, info: .sample()).end(.interrupted)
    // while it is open, by its log; afterwards, by the file itself
    #expect(!file.isUnchanged)
    try store.close()
    try #require(!FileManager.default.fileExists(atPath: scene.path + "-wal"))
    #expect(!file.isUnchanged)
  }
}
