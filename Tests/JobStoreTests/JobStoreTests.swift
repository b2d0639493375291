import Diagnostics
import Foundation
import GRDB
import GRDB
import JobStore
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Opening: what is made, and what is refused.
@Suite struct JobStoreTests {
  @Test(arguments: [JobStore.Mode.existing, .readOnly])
  func onlyCreateMakesADatabase(mode: JobStore.Mode) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("jobs.sqlite")
    #expect(throws: JobStoreError.noDatabase(path: path)) { _ = try JobStore.open(path, mode: mode) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    // what a creation killed at its start leaves: no database yet, and no obstacle
    try Data().write(to: URL(fileURLWithPath: path))
    #expect(throws: JobStoreError.noDatabase(path: path)) { _ = try JobStore.open(path, mode: mode) }
    #expect(try JobStore.open(path, mode: .create).jobs().isEmpty)
  }

  @Test func aCreationKilledBeforeItsFirstTableIsNoDatabaseYet() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("jobs.sqlite")
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = WAL") }
    try queue.close()
    #expect(throws: JobStoreError.noDatabase(path: path)) { _ = try JobStore.open(path, mode: .existing) }
    #expect(try JobStore.open(path, mode: .create).jobs().isEmpty)
  }

  @Test func aMissingFolderIsNamed() throws {
    #expect(throws: JobStoreError.noParentFolder(path: "/nonexistent-folder/a/jobs.sqlite")) {
      _ = try JobStore.open("/nonexistent-folder/a/jobs.sqlite", mode: .create)
    }
    for mode in [JobStore.Mode.existing, .readOnly] {
      #expect(throws: JobStoreError.noDatabase(path: "/nonexistent-folder/a/jobs.sqlite")) {
        _ = try JobStore.open("/nonexistent-folder/a/jobs.sqlite", mode: mode)
      }
    }
  }

  @Test(arguments: [JobStore.Mode.create, .existing, .readOnly])
  func foreignFilesAreRefusedAndLeftAsTheyAre(mode: JobStore.Mode) throws {
    let folder = try TemporaryFolder()
    let text = folder.file("text.sqlite")
    try Data("hello, this is a text of some length\n".utf8).write(to: URL(fileURLWithPath: text))
    let noise = folder.file("noise.sqlite")
    try Data((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }).write(
      to: URL(fileURLWithPath: noise))
    let other = folder.file("other.sqlite")
    let queue = try DatabaseQueue(path: other)
    try queue.write { db in try db.execute(sql: "CREATE TABLE a (b)") }
    try queue.close()
    let marked = folder.file("marked.sqlite")
    let second = try DatabaseQueue(path: marked)
    try second.write { db in try db.execute(sql: "CREATE TABLE job (b); PRAGMA application_id = 77") }
    try second.close()
    for path in [text, noise, other, marked] {
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let error = #expect(throws: JobStoreError.self) { _ = try JobStore.open(path, mode: mode) }
      #expect(error?.code.rawValue == "database-foreign")
      #expect(error?.description.contains(path) == true)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["marked.sqlite", "noise.sqlite", "other.sqlite", "text.sqlite"])
  }

  /// Relative to the current folder, however short.
  @Test(arguments: ["j", "ö", "jo", "./j", "j/", "/j", "//j", "no/j"])
  func shortNamesThatAreNotThere(name: String) {
    let error = #expect(throws: JobStoreError.self) { _ = try JobStore.open(name, mode: .readOnly) }
    #expect(error?.code.rawValue == "no-database")
  }

  @Test func foldersAreNoDatabases() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: JobStoreError.self) { _ = try JobStore.open(folder.path, mode: .create) }
    #expect(error?.code.rawValue == "database-path-unusable")
  }

  @Test func aTruncatedOrOverwrittenDatabaseIsDamaged() throws {
    let scene = try Scene()
    for _ in 0..<40 { _ = try scene.job([size(4, 4, 4)]) }
    try scene.store.close()
    let url = URL(fileURLWithPath: scene.path)
    let whole = try Data(contentsOf: url)
    #expect(whole.count > 3 * 8192)
    try whole.prefix(whole.count / 2).write(to: url)
    var error = #expect(throws: JobStoreError.self) {
      let store = try JobStore.open(scene.path, mode: .readOnly)
      _ = try store.jobs()
    }
    #expect(error?.code.rawValue == "database-damaged")
    var scribbled = whole
    scribbled.replaceSubrange(8192..<whole.count, with: Data(repeating: 0xA5, count: whole.count - 8192))
    try scribbled.write(to: url)
    error = #expect(throws: JobStoreError.self) {
      let store = try JobStore.open(scene.path, mode: .existing)
      _ = try store.jobs()
    }
    #expect(error?.code.rawValue == "database-damaged")
  }

  @Test func aReaderAnswersBesideAWriterAndNeverWrites() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let reader = try scene.reopened(.readOnly)
    #expect(try reader.job(job).state == .pending)
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 3)
    #expect(try reader.job(job).counts.done == 3)
    #expect(throws: JobStoreError.readOnly(path: reader.path)) { _ = try reader.retry(job) }
    try run.end(.interrupted)
  }

  @Test func linksToADatabaseShareItsLocks() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let link = scene.folder.file("link.sqlite")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: scene.path)
    let other = try JobStore.open(link, mode: .existing)
    let run = try scene.store.beginRun(job: job, info: .sample())
    #expect(throws: JobStoreError.alreadyRunning(job: job, holder: .sample())) {
      _ = try other.beginRun(job: job, info: .sample(2))
    }
    try run.end(.interrupted)
  }

  /// Root may write everything.
  @Test(.enabled(if: geteuid() != 0)) func whatCannotBeWrittenIsReadOnly() throws {
    let scene = try Scene()
    _ = try scene.job([size(1, 1, 1)])
    try scene.store.close()
    let manager = FileManager.default
    try manager.setAttributes([.posixPermissions: 0o444], ofItemAtPath: scene.path)
    #expect(throws: JobStoreError.readOnly(path: scene.path)) { _ = try scene.reopened() }
    let reader = try scene.reopened(.readOnly)
    #expect(try reader.jobs().count == 1)
    try reader.close()
    // Where SQLite cannot make its shared memory, a file that nobody has open is read without.
    for suffix in ["-shm", "-wal"] { try? manager.removeItem(atPath: scene.path + suffix) }
    try manager.setAttributes([.posixPermissions: 0o555], ofItemAtPath: scene.folder.path)
    defer { try? manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scene.folder.path) }
    #expect(throws: JobStoreError.readOnly(path: scene.path)) { _ = try scene.reopened() }
    #expect(try scene.reopened(.readOnly).jobs().count == 1)
    #expect(throws: JobStoreError.readOnly(path: scene.folder.file("new.sqlite"))) {
      _ = try JobStore.open(scene.folder.file("new.sqlite"), mode: .create)
    }
  }

  @Test(arguments: [
    (ResultCode.SQLITE_FULL, "disk-full"), (.SQLITE_BUSY, "database-busy"), (.SQLITE_PERM, "database-read-only"),
    // nobody refuses to write there, so it is no question of rights
    (.SQLITE_READONLY, "database-error"),
    (.SQLITE_CORRUPT, "database-damaged"), (.SQLITE_NOTADB, "database-foreign"), (.SQLITE_IOERR, "database-error"),
    (.SQLITE_CONSTRAINT, "database-error"), (.SQLITE_CANTOPEN, "database-cannot-open"),
  ])
  func sqliteErrorsHaveTheirMeaning(code: ResultCode, name: String) {
    #expect(JobStoreError(DatabaseError(resultCode: code), path: "/p").code.rawValue == name)
  }

  /// Of a sync that failed SQLite keeps no message.
  @Test func anErrorWithoutWordsHasThoseOfItsCode() {
    let error = JobStoreError(DatabaseError(resultCode: .SQLITE_IOERR_FSYNC, message: "not an error"), path: "/p")
    #expect(error.description.contains("disk I/O error"), "\(error)")
  }

  @Test func codesAreDistinctAndEveryErrorSaysWhatToDo() {
    let all: [JobStoreError] = [
      .noDatabase(path: "p"), .noParentFolder(path: "p"), .unusablePath(path: "p", why: "w"), .noSuchJob(selector: "s", path: "p"),
      .severalNames(path: "p", count: 2),
      .newerDatabase(path: "p", version: 2, known: 1), .migrationChanged(path: "p", name: "n"),
      .foreignFile(path: "p", why: "w"), .damaged(path: "p", why: "w"), .readOnly(path: "p"),
      .networkFileSystem(path: "p", kind: "nfs"), .copied(path: "p", original: "o"), .foreignLog(path: "p"),
      .otherDatabase(path: "p", source: "s"), .inUse(path: "p"), .busy(path: "p"), .alreadyRunning(job: 1, holder: .sample()),
      .claimLost([1]), .notClaimed(1, block: "b"), .runEnded(1), .wrongState(job: 1, state: .pending, action: "a"),
      .diskFull(path: "p"), .cannotOpen(path: "p", why: "w"), .fileExists(path: "p"), .invalid("w"),
      .other(path: "p", sqliteCode: 1, message: "m"),
    ]
    #expect(Set(all.map(\.code)).count == all.count)
    #expect(all.allSatisfy { !$0.description.isEmpty && !$0.hint.isEmpty })
  }
}

/// What a process that was killed while it made the database leaves.
@Suite struct HotJournalTests {
  @Test(arguments: [JobStore.Mode.existing, .readOnly, .create]) func isRolledBack(mode: JobStore.Mode) throws {
    let folder = NSTemporaryDirectory() + "blockfuse-hot-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/jobs.sqlite"
    // a transaction in rollback-journal mode, copied in its middle: the copy is what a kill leaves
    try JobStore.open(path, mode: .create).close()
    var configuration = Configuration()
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; PRAGMA cache_spill = 1") }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    let copy = folder + "/copy.sqlite"
    // a copy that does not know that it is one
    try queue.write { db in try db.execute(sql: "DELETE FROM identity") }
    try queue.writeWithoutTransaction { db in
      try db.execute(
        sql:
          "BEGIN IMMEDIATE; CREATE TABLE half (a); INSERT INTO half SELECT hex(randomblob(5000)) FROM view_transform UNION ALL SELECT hex(randomblob(500000))"
      )
      for end in ["", "-journal"] {
        try FileManager.default.copyItem(atPath: path + end, toPath: copy + end)
      }
      try db.execute(sql: "ROLLBACK")
    }
    let store = try JobStore.open(copy, mode: mode)
    #expect(try store.jobs().isEmpty)
    try store.close()
  }
}
