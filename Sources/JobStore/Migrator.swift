import Diagnostics
import Faults
import Foundation
import GRDB
import Migrations

/// Brings a database to the newest version, and refuses those it must not touch.
///
/// A database carries SQLite's `application_id`, its version (how many migrations it has) as `user_version`, and the
/// name and hash of each migration applied.
package struct Migrator: Sendable {
  /// "BFUS".
  package static let applicationID = 0x4246_5553
  /// "BFUB": what `backup` made. It is no database before it is restored, whatever its name.
  package static let backupID = 0x4246_5542

  package let path: String
  package let migrations: [(name: String, sql: String)]

  package init(path: String, migrations: [(name: String, sql: String)] = Migrations.migrations) {
    (self.path, self.migrations) = (path, migrations)
  }

  package enum Finding: Equatable {
    /// No tables at all: a new file, or one whose making was interrupted.
    case blank
    case current
    /// Ours, of an older version.
    case older
  }

  /// What a database is. Throws for one that is foreign, newer, or made by other migrations.
  func inspect(_ db: Database) throws -> Finding {
    let id = try db.integer("PRAGMA application_id") ?? 0
    let version = try db.integer("PRAGMA user_version") ?? 0
    if id == 0 && version == 0 {
      if try db.integer("SELECT count(*) FROM sqlite_schema") == 0 { return .blank }
    }
    guard id == Migrator.applicationID || id == Migrator.backupID else {
      let why = id == 0 ? "it holds the tables of another program" : "its application_id is that of another program"
      throw JobStoreError.foreignFile(path: path, why: why)
    }
    guard version <= migrations.count else {
      throw JobStoreError.newerDatabase(path: path, version: version, known: migrations.count)
    }
    let applied = try db.rows("SELECT name, hash FROM migration ORDER BY number")
    guard applied.count == version else {
      throw JobStoreError.damaged(path: path, why: "it says version \(version) and lists \(applied.count) migrations")
    }
    for (row, known) in zip(applied, migrations) {
      guard try row.text("name") == known.name, try row.text("hash") == Migrator.hash(known.sql) else {
        throw JobStoreError.migrationChanged(path: path, name: try row.text("name"))
      }
    }
    return version < migrations.count ? .older : .current
  }

  /// Applies what is missing, all in one transaction, which the caller has begun.
  func migrate(_ db: Database) throws {
    let finding = try inspect(db)
    if finding == .current { return }
    if finding == .blank {
      try db.execute(
        sql: """
          CREATE TABLE migration (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            hash TEXT NOT NULL,
            applied_ms INTEGER NOT NULL
          ) STRICT;
          PRAGMA application_id = \(Migrator.applicationID);
          """)
    }
    let version = try db.integer("PRAGMA user_version") ?? 0
    for (number, migration) in migrations.enumerated().dropFirst(version) {
      try db.execute(sql: migration.sql)
      try db.reach(.migrating)
      try db.run(
        "INSERT INTO migration (number, name, hash, applied_ms) VALUES (?, ?, ?, ?)",
        [number + 1, migration.name, Migrator.hash(migration.sql), Date().milliseconds])
    }
    try db.execute(sql: "PRAGMA user_version = \(migrations.count)")
  }

  /// The same on every machine and for ever.
  package static func hash(_ sql: String) -> String { Digest(sql.utf8).text }
}
