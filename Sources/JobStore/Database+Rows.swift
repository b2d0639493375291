import Foundation
import GRDB

/// Statements are prepared once a connection and reused.
extension Database {
  typealias Values = [(any DatabaseValueConvertible)?]

  func run(_ sql: String, _ values: Values = []) throws {
    try cachedStatement(sql: sql).execute(arguments: StatementArguments(values))
  }

  func row(_ sql: String, _ values: Values = []) throws -> StoredRow? {
    let statement = try cachedStatement(sql: sql)
    return try Row.fetchOne(statement, arguments: StatementArguments(values)).map { StoredRow($0, of: statement) }
  }

  func rows(_ sql: String, _ values: Values = []) throws -> [StoredRow] {
    let statement = try cachedStatement(sql: sql)
    return try Row.fetchAll(statement, arguments: StatementArguments(values)).map { StoredRow($0, of: statement) }
  }

  /// The rows one after the other; a row is valid until the next.
  func each(_ sql: String, _ values: Values = [], _ body: (StoredRow) throws -> Void) throws {
    let statement = try cachedStatement(sql: sql)
    let cursor = try Row.fetchCursor(statement, arguments: StatementArguments(values))
    while let row = try cursor.next() { try body(StoredRow(row, of: statement)) }
  }

  /// The only column of a query with one row.
  func integer(_ sql: String, _ values: Values = []) throws -> Int? {
    try row(sql, values)?.onlyInteger
  }

  /// Adds a row to a table, a value for each named column.
  func insert(into table: String, _ columns: KeyValuePairs<String, (any DatabaseValueConvertible)?>) throws {
    let names = columns.map(\.key).joined(separator: ", ")
    let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    try run("INSERT INTO \(table) (\(names)) VALUES (\(marks))", columns.map(\.value))
  }
}
