import Diagnostics
import Foundation
import GRDB
import Geometry

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A job frozen into a file of its own: a database with this one job, which is never written again. It is read without
/// locks and without files beside it, so it may lie on any file system and be read by any number of hosts.
extension JobStore {
  /// Writes a job as it is recorded now, with its order and what its blocks cost. The file appears under its name when
  /// it is whole and on disk; it is read-only.
  package func freeze(_ order: OrderRecord, costs: [(level: Int, brick: Int, costs: [UInt32])], to path: String)
    throws(JobStoreError)
  {
    let temporary = path + "." + UUID().uuidString + ".tmp"
    defer { for suffix in ["", "-journal"] { unlink(temporary + suffix) } }
    try JobStore.caught(path) {
      var configuration = Configuration()
      configuration.foreignKeysEnabled = false
      configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA page_size = 8192; PRAGMA synchronous = OFF") }
      let frozen = try DatabaseQueue(path: temporary, configuration: configuration)
      try frozen.write { copy in
        try Migrator(path: path).migrate(copy)
        try databaseReader.read { db in
          for (table, condition) in [
            ("identity", "?1 = ?1"), ("job", "id = ?1"), ("level", "job = ?1"), ("view", "job = ?1"), ("brick", "job = ?1"),
            ("failure", "job = ?1 AND failed = 1"),
            ("view_transform", "view IN (SELECT id FROM view WHERE job = ?1)"),
          ] {
            try JobStore.copyRows(of: table, where: condition, [order.job], from: db, to: copy)
          }
        }
        try copy.insert(
          into: "work_order",
          [
            "id": 1, "job": order.job, "uuid": order.uuid, "path": order.path,
            "made_ms": order.madeAt.milliseconds,
          ])
        for cost in costs {
          let bytes = cost.costs.map(\.littleEndian).withUnsafeBytes { Data($0) }
          try copy.insert(into: "work_cost", ["level": cost.level, "brick": cost.brick, "costs": bytes])
        }
      }
      try frozen.close()
    }
    chmod(temporary, 0o444)
    try DatabaseFile.synchronize(temporary, as: path)
    guard rename(temporary, path) == 0 else { throw .cannotOpen(path: path, why: systemWords(errno)) }
    try DatabaseFile.synchronize(URL(fileURLWithPath: path).deletingLastPathComponent().path, as: path)
  }

  private static func copyRows(
    of table: String, where condition: String, _ values: Database.Values, from db: Database, to copy: Database
  ) throws {
    try db.each("SELECT * FROM \(table) WHERE \(condition)", values) { row in
      let values = row.values
      let marks = Array(repeating: "?", count: values.count).joined(separator: ", ")
      try copy.cachedStatement(sql: "INSERT INTO \(table) VALUES (\(marks))")
        .execute(arguments: StatementArguments(values))
    }
  }

  /// Opens a frozen job.
  package static func openFrozen(_ path: String) throws(JobStoreError) -> JobStore {
    let store = JobStore(path: path, reader: try ImmutableFile(path).open())
    let migrator = Migrator(path: path)
    switch try store.read(migrator.inspect) {
    case .current: return store
    case .older: return try store.migratedInMemory(migrator)
    case .blank: throw .foreignFile(path: path, why: "it is no work order")
    }
  }

  /// The one job of a frozen file, and its order.
  package func frozenOrder() throws(JobStoreError) -> OrderRecord {
    guard let job = try read({ db in try db.integer("SELECT job FROM work_order") }),
      let order = try orders(of: job).first
    else { throw .foreignFile(path: path, why: "it is no work order") }
    return order
  }

  /// The costs of a level's bricks, in order, as far as they are known.
  package func costs(level: Int) throws(JobStoreError) -> [(brick: Int, costs: [UInt32])] {
    try read { db in
      var all: [(brick: Int, costs: [UInt32])] = []
      try db.each("SELECT brick, costs FROM work_cost WHERE level = ? ORDER BY brick", [level]) { row in
        let bytes = try row.blob("costs")
        guard bytes.count % 4 == 0, !bytes.isEmpty else {
          throw JobStoreError.damaged(path: self.path, why: "the costs of a brick are cut short")
        }
        all.append(
          (
            try row.integer("brick"),
            bytes.withUnsafeBytes { raw in
              (0..<raw.count / 4).map { UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
            }
          ))
      }
      return all
    }
  }
}
