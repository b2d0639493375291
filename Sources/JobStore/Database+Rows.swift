import Foundation
import GRDB

/// Statements are prepared once a connection and reused.
extension Database {
  typealias Values = [(any DatabaseValueConvertible)?]

  func run(_ sql: String, _ values: Values = []) throws {
    try cachedStatement(sql: sql).execute(arguments: StatementArguments(values))
  }

  func row(_ sql: String, _ values: Values = []) throws -> Row? {
    try Row.fetchOne(cachedStatement(sql: sql), arguments: StatementArguments(values))
  }

  func rows(_ sql: String, _ values: Values = []) throws -> [Row] {
    try Row.fetchAll(cachedStatement(sql: sql), arguments: StatementArguments(values))
  }

  /// The rows one after the other; a row is valid until the next.
  func each(_ sql: String, _ values: Values = [], _ body: (Row) throws -> Void) throws {
    let cursor = try Row.fetchCursor(cachedStatement(sql: sql), arguments: StatementArguments(values))
    while let row = try cursor.next() { try body(row) }
  }

  func integer(_ sql: String, _ values: Values = []) throws -> Int? {
    try row(sql, values)?.integer(0)
  }
}

/// Columns by index. A value of another type than the table's STRICT columns promise is damage, not a trap.
extension Row {
  func integer(_ index: Int) throws -> Int {
    guard case .int64(let value) = dataValue(index) else { throw unexpected(index) }
    return Int(value)
  }

  func optionalInteger(_ index: Int) throws -> Int? {
    if case .null = dataValue(index) { return nil }
    return try integer(index)
  }

  func double(_ index: Int) throws -> Double {
    switch dataValue(index) {
    case .double(let value): return value
    case .int64(let value): return Double(value)
    default: throw unexpected(index)
    }
  }

  func text(_ index: Int) throws -> String {
    guard case .string(let value) = dataValue(index) else { throw unexpected(index) }
    return value
  }

  func optionalText(_ index: Int) throws -> String? {
    if case .null = dataValue(index) { return nil }
    return try text(index)
  }

  func blob(_ index: Int) throws -> Data {
    guard case .blob(let value) = dataValue(index) else { throw unexpected(index) }
    return value
  }

  private func dataValue(_ index: Int) -> DatabaseValue.Storage {
    (self[index] as DatabaseValue).storage
  }

  private func unexpected(_ index: Int) -> any Error {
    let name = Array(columnNames)[index]
    return DatabaseError(resultCode: .SQLITE_CORRUPT, message: "column \(name) holds a value of another type")
  }
}
