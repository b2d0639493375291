import Foundation
import JSON

/// The parts that answers of `--json` are put together from.
extension JSONValue {
  /// Null for nil.
  init(_ text: String?) { self = text.map { .string($0) } ?? .null }

  /// Null for nil.
  init(_ number: Int?) { self = number.map { JSONValue($0) } ?? .null }

  /// Null for nil.
  init(_ number: Double?) { self = number.map { .double($0) } ?? .null }

  /// Null for nil.
  init(measured number: Double?) { self = number.map { JSONValue(measured: $0) } ?? .null }

  init(_ texts: [String]) { self = .array(texts.map { .string($0) }) }

  init(_ numbers: [Int]) { self = .array(numbers.map { JSONValue($0) }) }
}
