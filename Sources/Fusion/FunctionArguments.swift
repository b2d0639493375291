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

  /// Throws for the first argument, in alphabetical order, that is none of `known`.
  public func finish(knowing known: [String], of function: String) throws(FusionError) {
    for name in values.keys.sorted() where !known.contains(name) {
      throw .unknownArgument(function: function, name: name, suggestion: nearestName(to: name, in: known))
    }
  }
}

/// The candidate that takes the fewest edits to reach, if that is few enough to be a slip of the pen.
package func nearestName(to name: String, in candidates: [String]) -> String? {
  var best: (name: String, distance: Int)?
  for candidate in candidates.sorted() {
    let distance = editDistance(Array(name.utf8), Array(candidate.utf8))
    if distance < best?.distance ?? Int.max { best = (candidate, distance) }
  }
  guard let best, best.distance <= max(2, best.name.utf8.count / 3), best.distance < best.name.utf8.count else {
    return nil
  }
  return best.name
}

private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for i in 0..<a.count {
    var diagonal = row[0]
    row[0] = i + 1
    for j in 0..<b.count {
      let substituted = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
    }
  }
  return row[b.count]
}
