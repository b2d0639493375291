import Diagnostics
import Foundation
import GRDB
import JobStore
import Testing

/// Copies of a database: what they may do, and how one becomes the database.
@Suite struct RestoreTests {
  private func copy(_ scene: Scene, to name: String) throws -> String {
    let copy = scene.folder.file(name)
    try FileManager.default.copyItem(atPath: scene.path, toPath: copy)
    return copy
  }

  /// All that is in the log goes into the file: whoever reads keeps that from being done at the end.
  private func closeAndFold(_ scene: Scene) throws {
    try scene.store.close()
    let queue = try DatabaseQueue(path: scene.path)
    _ = try queue.writeWithoutTransaction { db in try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    try queue.close()
    for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: scene.path + end) }
  }

  @Test func aCopyIsLookedAtAndNotWritten() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    try scene.store.close()
    let copy = try copy(scene, to: "copy.sqlite")
    let reader = try JobStore.open(copy, mode: .readOnly)
    #expect(try reader.job(job).state == .pending)
    try reader.close()
    for mode in [JobStore.Mode.existing, .create] {
      #expect(throws: JobStoreError.copied(path: copy, original: scene.path)) { _ = try JobStore.open(copy, mode: mode) }
    }
    #expect(try scene.reopened().retry(job) == 0)
  }

  @Test func aDatabaseThatIsMovedStaysTheDatabase() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let known = try #require(try scene.store.identity())
    try closeAndFold(scene)
    let moved = scene.folder.file("moved.sqlite")
    try FileManager.default.moveItem(atPath: scene.path, toPath: moved)
    let store = try JobStore.open(moved, mode: .existing)
    #expect(try store.retry(job) == 0)
    let identity = try #require(try store.identity())
    #expect(identity.uuid == known.uuid && identity.generation == known.generation && identity.path == moved)
    try store.close()
    // and what is copied back to the old place is a copy
    try FileManager.default.copyItem(atPath: moved, toPath: scene.path)
    let error = #expect(throws: JobStoreError.self) { _ = try scene.reopened() }
    #expect(error?.code == .databaseCopied)
  }

  /// In one place of two that have a file of the same number, such as two disks, there is the copy.
  @Test func standingIsToldByTheFile() throws {
    let scene = try Scene()
    let own = try #require(try scene.store.identity())
    #expect(own.standing(of: scene.path) == .own)
    let other = DatabaseIdentity(uuid: "u", generation: 1, inode: own.inode &+ 1, path: scene.path)
    #expect(other.standing(of: scene.path) == .copy)
    let before = DatabaseIdentity(uuid: "u", generation: 1, inode: own.inode, path: "/nonexistent/jobs.sqlite")
    #expect(before.standing(of: scene.path) == .moved)
  }

  @Test func aBackupIsNoDatabaseBeforeItIsRestored() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let backup = scene.folder.file("backup.sqlite")
    try scene.store.backup(to: backup)
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 3)
    try run.end(.interrupted)
    try closeAndFold(scene)
    #expect(throws: JobStoreError.copied(path: backup, original: scene.path)) { _ = try JobStore.open(backup, mode: .existing) }
    // written over the database it has the database's inode
    try Data(contentsOf: URL(fileURLWithPath: backup)).write(to: URL(fileURLWithPath: scene.path))
    #expect(throws: JobStoreError.copied(path: scene.path, original: scene.path)) { _ = try scene.reopened() }
    let store = try JobStore.restore(scene.path, to: scene.path) { _ in 6 }
    #expect(try store.identity()?.generation == 7)
    #expect(try store.job(job).counts.done == 0)
    try store.close()
    #expect(try scene.reopened().retry(job) == 0)
  }

  /// What a crash left beside the database is never laid over a backup.
  @Test func theLogOfTheOldDatabaseGoes() throws {
    let scene = try Scene()
    let job = try scene.job([size(8, 8, 8)])
    let backup = scene.folder.file("backup.sqlite")
    try scene.store.backup(to: backup)
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 100)
    let log = try Data(contentsOf: URL(fileURLWithPath: scene.path + "-wal"))
    #expect(!log.isEmpty)
    try run.end(.interrupted)
    try scene.store.close()
    func crash() throws {
      for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: scene.path + end) }
      try log.write(to: URL(fileURLWithPath: scene.path + "-wal"))
    }
    for isOver in [true, false] {
      if isOver { try Data(contentsOf: URL(fileURLWithPath: backup)).write(to: URL(fileURLWithPath: scene.path)) }
      try crash()
      if isOver {
        for mode in [JobStore.Mode.existing, .readOnly] {
          #expect(throws: JobStoreError.foreignLog(path: scene.path)) { _ = try scene.reopened(mode) }
        }
      }
      let store = try JobStore.restore(isOver ? scene.path : backup, to: scene.path) { _ in 0 }
      #expect(try store.job(job).counts.done == 0)
      #expect(try store.integrityCheck() == [])
      try store.close()
    }
  }

  @Test func aDatabaseThatIsOpenIsNotReplaced() throws {
    let scene = try Scene()
    _ = try scene.job([size(2, 2, 2)])
    let backup = scene.folder.file("backup.sqlite")
    try scene.store.backup(to: backup)
    try scene.store.close()
    let reader = try scene.reopened(.readOnly)
    #expect(try reader.jobs().count == 1)
    #expect(throws: JobStoreError.inUse(path: scene.path)) { _ = try JobStore.restore(backup, to: scene.path) { _ in 0 } }
    try reader.close()
    try JobStore.restore(backup, to: scene.path) { _ in 0 }.close()
  }

  @Test func anotherDatabaseIsNotReplaced() throws {
    let (scene, other) = (try Scene(), try Scene())
    _ = try scene.job([size(2, 2, 2)])
    _ = try other.job([size(2, 2, 2)])
    let backup = scene.folder.file("backup.sqlite")
    try scene.store.backup(to: backup)
    try other.store.close()
    #expect(throws: JobStoreError.otherDatabase(path: other.path, source: backup)) {
      _ = try JobStore.restore(backup, to: other.path) { _ in 0 }
    }
    let new = other.folder.file("new.sqlite")
    try JobStore.restore(backup, to: new) { _ in 0 }.close()
    #expect(try JobStore.open(new, mode: .existing).jobs().count == 1)
  }

  @Test func aDamagedCopyIsNotRestored() throws {
    let scene = try Scene()
    _ = try scene.job([size(2, 2, 2)])
    let backup = scene.folder.file("backup.sqlite")
    try scene.store.backup(to: backup)
    try scene.store.close()
    let queue = try DatabaseQueue(path: backup)
    try queue.write { db in try db.execute(sql: "UPDATE level SET done = 1") }
    try queue.close()
    let error = #expect(throws: JobStoreError.self) { _ = try JobStore.restore(backup, to: scene.path) { _ in 0 } }
    #expect(error?.code == .databaseDamaged)
    #expect(try scene.reopened().integrityCheck() == [])
  }

  /// Nothing but damage brings it about, and one more would be beyond what a number holds.
  @Test(arguments: [Int.max, 1 << 41])
  func anImpossibleNumberOfTakeOversIsDamageThatABackupMends(number: Int) throws {
    let scene = try Scene()
    _ = try scene.job([size(2, 2, 2)])
    let backup = scene.folder.file("backup.sqlite")
    try scene.store.backup(to: backup)
    try closeAndFold(scene)
    let queue = try DatabaseQueue(path: scene.path)
    try queue.write { db in try db.execute(sql: "UPDATE identity SET generation = ?", arguments: [number]) }
    try queue.close()
    let error = #expect(throws: JobStoreError.self) { _ = try scene.reopened() }
    #expect(error?.code == .databaseDamaged)
    try JobStore.restore(backup, to: scene.path) { _ in 0 }.close()
    #expect(try scene.reopened().jobs().count == 1)
  }
}
