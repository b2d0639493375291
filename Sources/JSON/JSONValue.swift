import Diagnostics
import Foundation

/// A JSON document with exact 64-bit integers both ways, which Foundation's parser does not promise.
///
/// A number without fraction and exponent is `int`, or `uint` above `Int64.max`; all others are `double`. The literals
/// `NaN`, `Infinity` and `-Infinity`, which Python writes, are read as doubles; written they become strings, since JSON
/// has no such numbers. Of equal keys in an object the last counts.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int64)
  /// Above `Int64.max` only.
  case uint(UInt64)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// The longest document that is read.
  public static let maximumByteCount = 1 << 28
  /// The deepest nesting that is read.
  public static let maximumDepth = 200

  public static func parse(_ data: Data) throws(JSONError) -> JSONValue {
    try parse([UInt8](data))
  }

  public static func parse(_ text: String) throws(JSONError) -> JSONValue {
    try parse([UInt8](text.utf8))
  }

  public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    guard bytes.count <= maximumByteCount else {
      throw .init(byteOffset: 0, in: [], reason: "the document has more than \(maximumByteCount) bytes")
    }
    return try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) -> JSONValue in
      var parser = JSONParser(buffer)
      return try parser.document()
    }
  }

  /// Keys sorted; numbers with the fewest digits that read back to the same; equal values give equal bytes.
  /// `pretty` indents by 2 spaces and keeps arrays of numbers on one line.
  public func serialized(pretty: Bool = false) -> Data {
    var writer = JSONWriter(pretty: pretty)
    writer.write(self, indent: 0)
    if pretty { writer.endLine() }
    return Data(writer.bytes)
  }

  public init(_ number: Int) { self = .int(Int64(number)) }

  /// A number that was measured, with as many digits as mean something.
  public init(measured number: Double) { self = .double(measured(number)) }

  /// The document on one line, as it would stand in a file.
  public var text: String { String(decoding: serialized(), as: UTF8.self) }

  public subscript(key: String) -> JSONValue? { object?[key] }

  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  public var int: Int? {
    if case .int(let value) = self { Int(exactly: value) } else { nil }
  }

  /// Any number.
  public var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .uint(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  public var array: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  public var object: [String: JSONValue]? {
    if case .object(let value) = self { value } else { nil }
  }

  public var isNull: Bool { self == .null }

  /// The same with whole numbers as `int`, however they were written: 64.0 is 64.
  package var withPlainNumbers: JSONValue {
    switch self {
    case .double(let value): Int64(exactly: value).map { .int($0) } ?? self
    case .array(let values): .array(values.map(\.withPlainNumbers))
    case .object(let values): .object(values.mapValues(\.withPlainNumbers))
    case .null, .bool, .int, .uint, .string: self
    }
  }

  /// What the value is, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .int, .uint, .double: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// The value as short JSON text, for messages.
  package var excerpt: String {
    let text = String(decoding: serialized(), as: UTF8.self)
    return text.count <= 60 ? text : text.prefix(59) + "…"
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .int(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
  }
}
