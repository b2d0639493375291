import Foundation
import JSON
import Zarr

/// How an option's value is written on the command line, and which JSON it stands for.
package enum OptionForm: Sendable, Equatable {
  /// A number, a word, a map `z=2,y=0.5`, or JSON.
  case json
  /// A map or JSON; a value of the map may be a list, `order=a,b`.
  case arguments
  /// A map that is laid over that of the options file, entry by entry; the hint is an example.
  case map(hint: String)
  /// A name, whatever it looks like; `null` is none.
  case name
  /// A text, whatever it looks like.
  case text
  /// Names with commas between them.
  case names
  /// A number, which may be negative.
  case number
  /// Numbers with commas between them; the first may be negative.
  case numbers
  /// The name of a compressor, or JSON.
  case compressor
  /// Nothing: that the flag is there means yes.
  case flag

  /// - Parameter name: the option's, for messages.
  package func value(_ text: String, name: String) throws(JobError) -> JSONValue {
    switch self {
    case .json, .map, .number: return try Self.json(text, name)
    case .arguments: return try Self.json(text, name, hasLists: true)
    case .name: return text == "null" ? .null : .string(text)
    case .text: return .string(text)
    case .names: return .array(text.split(separator: ",").map { .string($0.trimmingCharacters(in: .whitespaces)) })
    case .numbers:
      var numbers: [JSONValue] = []
      for part in text.split(separator: ",") { numbers.append(try Self.json(String(part), name)) }
      return .array(numbers)
    case .compressor:
      let value = try Self.json(text, name)
      return value.string.map { .object(["id": .string($0)]) } ?? value
    case .flag: return .bool(true)
    }
  }

  private static func json(_ text: String, _ name: String, hasLists: Bool = false) throws(JobError) -> JSONValue {
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    if trimmed.hasPrefix("{") || trimmed.hasPrefix("[") {
      do {
        return try JSONValue.parse(Data(trimmed.utf8))
      } catch {
        throw .invalid(what: "option \"\(name)\": \(error)", hint: "check the quotes and brackets")
      }
    }
    guard trimmed.contains("=") else { return scalar(trimmed) }
    var map: [String: JSONValue] = [:]
    var last: String?
    for pair in trimmed.split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      if hasLists, parts.count == 1, let key = last, let before = map[key] {
        map[key] = .array((before.array ?? [before]) + [scalar(parts[0])])
        continue
      }
      last = parts[0]
      guard parts.count == 2, !parts[0].isEmpty else {
        throw .invalid(what: "option \"\(name)\": \"\(pair)\" is not NAME=VALUE", hint: "write maps as z=2,y=0.5,x=0.5")
      }
      guard map.updateValue(scalar(parts[1]), forKey: parts[0]) == nil else {
        throw .invalid(what: "option \"\(name)\" names \(parts[0]) twice", hint: "")
      }
    }
    return .object(map)
  }

  private static func scalar(_ text: String) -> JSONValue {
    // numbers, true, false and null are JSON; whatever is not is a word
    if let value = try? JSONValue.parse(Data(text.utf8)) { return value }
    return .string(text)
  }
}
