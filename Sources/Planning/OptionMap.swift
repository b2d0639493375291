import Diagnostics
import Geometry
import JSON
import Zarr

/// Reads values out of one JSON object of options, and complains about keys that nobody asked for.
///
/// `path` prefixes messages (`zarr_options.`). Every reader throws `JobError.invalid` with the key, the value and what
/// was expected.
package struct OptionMap {
  package let path: String
  package let values: [String: JSONValue]

  package init(_ value: JSONValue, path: String = "", known: [String]) throws(JobError) {
    guard let object = value.object else {
      throw .invalid(what: "\(path.isEmpty ? "the options" : path) must be a map, not \(value.text)", hint: "")
    }
    self.path = path.isEmpty ? "" : path + "."
    values = object
    for key in object.keys.sorted() where !known.contains(key) {
      throw .invalid(
        what: "unknown option \"\(self.path)\(key)\"",
        hint: nameHint(key, among: known, prefix: self.path, limit: 60))
    }
  }

  /// The value of a key, where null and absent are the same.
  func value(_ key: String) -> JSONValue? {
    guard let value = values[key], value != .null else { return nil }
    return value
  }

  func wrong(_ key: String, _ expected: String) -> JobError {
    .invalid(what: "option \"\(path)\(key)\" is \(values[key]?.text ?? "missing"); expected \(expected)", hint: "")
  }

  func string(_ key: String) throws(JobError) -> String? {
    guard let value = value(key) else { return nil }
    guard let string = value.string else { throw wrong(key, "a string") }
    return string
  }

  func bool(_ key: String) throws(JobError) -> Bool? {
    guard let value = value(key) else { return nil }
    if let bool = value.bool { return bool }
    throw wrong(key, "true or false")
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(JobError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.wholeNumber, range.contains(number) else {
      throw wrong(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// One of a few names.
  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _: Choice.Type) throws(JobError) -> Choice?
  where Choice.RawValue == String {
    guard let name = try string(key) else { return nil }
    guard let choice = Choice(rawValue: name) else {
      let names = Choice.allCases.map(\.rawValue)
      let nearest = nearestName(to: name, among: names)
      throw .invalid(
        what: "option \"\(path)\(key)\" is \"\(name)\"; expected one of \(names.joined(separator: ", "))",
        hint: nearest.map { "did you mean \"\($0)\"?" } ?? "")
    }
    return choice
  }

  /// A number for each axis: from a map `{"z": …}`, or, where `scalar` allows it, one number for all axes of space.
  func axes(_ key: String, scalar: Bool, _ expected: String, _ accept: (Double) -> Bool) throws(JobError)
    -> [Axis: Double]?
  {
    guard let value = value(key) else { return nil }
    if scalar, let number = value.double {
      guard number.isFinite, accept(number) else { throw wrong(key, expected) }
      return Dictionary(uniqueKeysWithValues: Axis.space.map { ($0, number) })
    }
    guard let object = value.object else {
      throw wrong(key, "\(expected) for each axis, as {\"z\": …, \"y\": …, \"x\": …}")
    }
    var result: [Axis: Double] = [:]
    for (name, entry) in object {
      guard let axis = Axis(rawValue: name), axis.spaceLane != nil else {
        throw .invalid(what: "option \"\(path)\(key)\" names the axis \"\(name)\"", hint: "axes of space are z, y, x")
      }
      guard let number = entry.double, number.isFinite, accept(number) else {
        throw .invalid(what: "option \"\(path)\(key)\" is \(entry.text) along \(name); expected \(expected)", hint: "")
      }
      result[axis] = number
    }
    return result
  }

  /// Which of these keys' values are maps with an entry for z.
  func namingZ(_ keys: [String]) -> [String] {
    keys.filter { value($0)?.object?["z"] != nil }.map { path + $0 }
  }

  /// As `axes`, for whole numbers not below `minimum`.
  func counts(_ key: String, minimum: Int) throws(JobError) -> [Axis: Int]? {
    try axes(key, scalar: true, "a whole number, at least \(minimum)") {
      $0 == $0.rounded() && $0 >= Double(minimum) && $0 < 1e15
    }?.mapValues { Int($0) }
  }
}

extension JSONValue {
  /// An integer, also when written as 2.0.
  var wholeNumber: Int? {
    if let number = int { return Int(exactly: number) }
    guard let number = double, number == number.rounded(), number.magnitude < 9e15 else { return nil }
    return Int(number)
  }
}
