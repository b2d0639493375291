import Foundation
import GRDB
import JobStore
import Migrations
import Testing

@Suite struct MigratorTests {
  /// The list in Swift and the files in the folder are the same.
  @Test func everySQLFileIsListedInOrder() throws {
    let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("../../migrations").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".sql") }.sorted()
    #expect(files == migrations.map { $0.name + ".sql" })
    for migration in migrations {
      let text = try String(contentsOf: folder.appendingPathComponent(migration.name + ".sql"), encoding: .utf8)
      #expect(text == migration.sql)
    }
  }

  @Test func hashIsFNV1a() {
    #expect(Migrator.hash("") == "cbf29ce484222325")
    #expect(Migrator.hash("a") == "af63dc4c8601ec8c")
    #expect(Migrator.hash("foobar") == "85944171f73967e8")
  }

  @Test func aNewDatabaseSaysWhatItIs() throws {
    let scene = try Scene()
    let queue = try DatabaseQueue(path: scene.path)
    try queue.read { (db: Database) throws -> Void in
      #expect(try Int.fetchOne(db, sql: "PRAGMA application_id") == Migrator.applicationID)
      #expect(try Int.fetchOne(db, sql: "PRAGMA user_version") == migrations.count)
      #expect(try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal")
      #expect(try String.fetchAll(db, sql: "SELECT name FROM migration ORDER BY number") == migrations.map(\.name))
      let loose = "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'"
      #expect(try String.fetchAll(db, sql: loose) == [])
    }
  }

  @Test func laterMigrationsAreAppliedOnceAndByReadersToo() throws {
    let scene = try Scene()
    let job = try scene.job([size(1, 1, 1)])
    try scene.store.close()
    let more = migrations + [("9999_more", "ALTER TABLE job ADD COLUMN note TEXT; CREATE TABLE extra (a ANY) STRICT;")]
    for mode in [JobStore.Mode.readOnly, .existing, .create, .readOnly] {
      let store = try JobStore.open(
        scene.path, mode: mode, migrator: Migrator(path: scene.path, migrations: more))
      #expect(try store.job(nil).id == job)
      try store.close()
    }
    #expect(throws: JobStoreError.newerDatabase(path: scene.path, version: more.count, known: migrations.count)) {
      _ = try JobStore.open(scene.path, mode: .existing)
    }
  }

  @Test func aFailingMigrationLeavesNothingBehind() throws {
    let scene = try Scene()
    try scene.store.close()
    let bad = migrations + [("0002_bad", "CREATE TABLE extra (a ANY) STRICT; CREATE TABLE job (a ANY) STRICT;")]
    #expect(throws: JobStoreError.self) {
      _ = try JobStore.open(scene.path, mode: .existing, migrator: Migrator(path: scene.path, migrations: bad))
    }
    let store = try JobStore.open(scene.path, mode: .existing)
    #expect(try store.jobs().isEmpty)
    #expect(try store.integrityCheck() == [])
  }

  @Test func anEditedMigrationIsRefused() throws {
    let scene = try Scene()
    try scene.store.close()
    var edited = migrations
    edited[0].sql += "\n-- edited"
    #expect(throws: JobStoreError.migrationChanged(path: scene.path, name: migrations[0].name)) {
      _ = try JobStore.open(scene.path, mode: .create, migrator: Migrator(path: scene.path, migrations: edited))
    }
  }
}
