import Diagnostics
import Foundation
import GRDB
import Geometry

/// One row that a query found, its columns by name. A value of another type than the table's STRICT columns promise is
/// damage, not a trap.
struct StoredRow {
  private let row: Row
  private let names: [String]

  init(_ row: Row, of statement: Statement) {
    (self.row, names) = (row, statement.columnNames)
  }

  func integer(_ column: String) throws -> Int {
    guard case .int64(let value) = try value(column) else { throw unexpected(column) }
    return Int(value)
  }

  func optionalInteger(_ column: String) throws -> Int? {
    if case .null = try value(column) { return nil }
    return try integer(column)
  }

  func double(_ column: String) throws -> Double {
    switch try value(column) {
    case .double(let value): return value
    case .int64(let value): return Double(value)
    default: throw unexpected(column)
    }
  }

  func text(_ column: String) throws -> String {
    guard case .string(let value) = try value(column) else { throw unexpected(column) }
    return value
  }

  func optionalText(_ column: String) throws -> String? {
    if case .null = try value(column) { return nil }
    return try text(column)
  }

  func blob(_ column: String) throws -> Data {
    guard case .blob(let value) = try value(column) else { throw unexpected(column) }
    return value
  }

  func optionalBlob(_ column: String) throws -> Data? {
    if case .null = try value(column) { return nil }
    return try blob(column)
  }

  /// A time that is stored in milliseconds since 1970.
  func date(_ column: String) throws -> Date {
    let milliseconds = try integer(column)
    // years 1 to 9999, which all can be written as text
    guard (-62_135_596_800_000...253_402_300_799_999).contains(milliseconds) else { throw unexpected(column) }
    return Date(milliseconds: milliseconds)
  }

  func optionalDate(_ column: String) throws -> Date? {
    if case .null = try value(column) { return nil }
    return try date(column)
  }

  /// A number of things, of which those of many rows can be added up.
  func count(_ column: String) throws -> Int {
    let count = try integer(column)
    guard (0...1 << 58).contains(count) else { throw unexpected(column) }
    return count
  }

  /// A value of a closed set; another one is damage.
  func value<T: RawRepresentable>(_ column: String) throws -> T where T.RawValue == String {
    let text = try text(column)
    guard let value = T(rawValue: text) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\"\(text)\" is no \(T.self)")
    }
    return value
  }

  /// Five lengths in columns that end in `_t`, `_c`, `_z`, `_y` and `_x`.
  func spaceTime(_ prefix: String) throws -> TCZYX {
    TCZYX(t: try integer(prefix + "_t"), c: try integer(prefix + "_c"), zyx: try index(prefix))
  }

  /// Three integers in columns that end in `_z`, `_y` and `_x`.
  func index(_ prefix: String) throws -> Index3 {
    Index3(try integer(prefix + "_z"), try integer(prefix + "_y"), try integer(prefix + "_x"))
  }

  /// Three numbers in columns that end in `_z`, `_y` and `_x`.
  func vector(_ prefix: String) throws -> Vector3 {
    Vector3(try double(prefix + "_z"), try double(prefix + "_y"), try double(prefix + "_x"))
  }

  /// The position of a block in columns `t`, `c`, `z`, `y` and `x`.
  func position() throws -> TCZYX {
    TCZYX(
      t: try integer("t"), c: try integer("c"), z: try integer("z"), y: try integer("y"), x: try integer("x"))
  }

  /// The row's only column, whatever its name.
  var onlyInteger: Int {
    get throws { try integer(names.first ?? "") }
  }

  /// All values, in the order of the query.
  var values: [DatabaseValue] { Array(row.databaseValues) }

  private func value(_ column: String) throws -> DatabaseValue.Storage {
    // a few short names: looking through them is faster than hashing
    guard let index = names.firstIndex(of: column) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "there is no column \(column)")
    }
    return (row[index] as DatabaseValue).storage
  }

  private func unexpected(_ column: String) -> any Error {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: "column \(column) holds a value that it cannot have")
  }
}
