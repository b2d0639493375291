import Diagnostics
import Geometry

/// The arguments of a fusion or weights function, as the user's options gave them (`fusion_func_kwargs`).
///
/// A function reads what it knows, with its defaults, and calls `finish` with the names that it knows, so that a
/// misspelt one is an error and not ignored.
public struct FunctionArguments: Hashable, Sendable {
  public enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case list([Value])
    case map([String: Value])
  }

  public let values: [String: Value]

  public static let none = FunctionArguments([:])

  public init(_ values: [String: Value]) { self.values = values }

  public func number(_ name: String, default fallback: Double, of function: String) throws(FusionError) -> Double {
    switch values[name] {
    case nil: return fallback
    case .number(let value): return value
    default: throw .invalidArgument(function: function, name: name, why: "it must be a number")
    }
  }

  public func bool(_ name: String, default fallback: Bool, of function: String) throws(FusionError) -> Bool {
    switch values[name] {
    case nil: return fallback
    case .bool(let value): return value
    default: throw .invalidArgument(function: function, name: name, why: "it must be true or false")
    }
  }

  public func string(_ name: String, default fallback: String, of function: String) throws(FusionError) -> String {
    switch values[name] {
    case nil: return fallback
    case .string(let value): return value
    default: throw .invalidArgument(function: function, name: name, why: "it must be a text")
    }
  }

  /// A list of names, one alone as a text; whole numbers are names, too. Empty where it is not given.
  public func names(_ name: String, of function: String) throws(FusionError) -> [String] {
    let list: [Value]
    switch values[name] {
    case nil: return []
    case .list(let values): list = values
    case let value?: list = [value]
    }
    var names: [String] = []
    for value in list {
      switch value {
      case .string(let text): names.append(text)
      case .number(let number) where number == number.rounded() && number.magnitude < 1e15: names.append(String(Int(number)))
      default: throw .invalidArgument(function: function, name: name, why: "it must be a list of names")
      }
    }
    return names
  }

  /// Throws for the first argument, in alphabetical order, that is none of `known`.
  public func finish(knowing known: [String], of function: String) throws(FusionError) {
    for name in values.keys.sorted() where !known.contains(name) {
      throw .unknownArgument(function: function, name: name, known: known)
    }
  }
}
