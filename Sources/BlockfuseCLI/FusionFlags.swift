import ArgumentParser
import Diagnostics
import Files
import Foundation
import Geometry
import Jobs
import JSON
import Planning
import Zarr

/// The options of a fusion as flags: a flag for each row of `OptionTable`, and `--options` for all of them in a file. A flag
/// wins over the file.
///
/// The parser finds the flags of a type by `Mirror`, and asks for their values as a decoder; both are answered from the table.
package struct FusionFlags: ParsableArguments, CustomReflectable {
  /// The path of the options file.
  private var file: String?
  /// What was typed for each option, by its key.
  private var typed: [String: String] = [:]

  private static let fileName = Name(stringValue: "options")
  private static let rows = OptionTable.all.filter { $0.form != nil }

  package init() {}

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    file = try container.decode(Option<String?>.self, forKey: Self.fileName).wrappedValue
    for row in Self.rows {
      let name = Name(stringValue: row.flag)
      if row.form == .flag {
        typed[row.key] = try container.decode(Flag<Bool>.self, forKey: name).wrappedValue ? "" : nil
      } else {
        typed[row.key] = try container.decode(Option<String?>.self, forKey: name).wrappedValue
      }
    }
  }

  package var customMirror: Mirror {
    let file = Option<String?>(
      name: .customLong(Self.fileName.stringValue),
      help: ArgumentHelp("Options as JSON; a flag wins over the file.", valueName: "file"),
      completion: .file(extensions: ["json"]), transform: { try localPath($0) })
    let options = Self.rows.map { (label: Optional($0.flag), value: Self.argument($0)) }
    return Mirror(self, children: [(Self.fileName.stringValue, file)] + options, displayStyle: .struct)
  }

  private static func argument(_ row: any AnyOptionRow) -> Any {
    let name = NameSpecification.customLong(row.flag)
    let help = ArgumentHelp(row.help.text(CommandSetup.registry), valueName: row.valueName)
    guard row.form != .flag else { return Flag<Bool>(wrappedValue: false, name: name, help: help) }
    return Option<String?>(
      name: name, parsing: row.form == .numbers || row.form == .number ? .unconditional : .next, help: help,
      completion: .choices(row.choices))
  }

  /// The file with the flags laid over it. What comes from a pipe cannot be read again, and so has no path.
  package func resolve() throws -> (options: JobOptions, file: (path: String?, content: JSONValue)?) {
    var given: [String: JSONValue] = [:]
    var content: JSONValue?
    if let file {
      let read = try Self.read(file)
      guard let object = read.object else {
        throw JobError.invalid(what: "\(file) is not a map of options", hint: "")
      }
      (given, content) = (object, read)
    }
    let options = try JobOptions(.object(laid(over: given, in: "")))
    return (options, file.flatMap { path in content.map { (isLasting(path) ? path : nil, $0) } })
  }

  /// The options of a map with what was typed for them.
  private func laid(over map: [String: JSONValue], in parent: String) throws -> [String: JSONValue] {
    var map = map
    for row in OptionTable.options(in: parent) {
      if let text = typed[row.key], let form = row.form {
        try lay(form.value(text, name: row.name), form, row, over: &map)
      }
      if let other = row.otherNameOf {
        // two names of one option: the flag wins whichever the file used
        if typed[row.key] != nil && typed[other] == nil { map[other] = nil }
        if typed[other] != nil && typed[row.key] == nil { map[row.name] = nil }
      }
      map[row.name] = map[row.name].map(row.canonical)
      // what has flags of its own is looked into
      guard Self.rows.contains(where: { $0.key.hasPrefix(row.key + ".") }) else { continue }
      let before = try Self.map(map[row.name], row.key)
      let after = try laid(over: before, in: row.key)
      // one that is given as nothing is recorded as an empty map
      if after != before || (parent.isEmpty && map[row.name] != nil) { map[row.name] = .object(after) }
    }
    return map
  }

  private func lay(
    _ value: JSONValue, _ form: OptionForm, _ row: any AnyOptionRow, over map: inout [String: JSONValue]
  ) throws {
    guard case .map(let hint) = form else {
      map[row.name] = value
      return
    }
    guard let given = value.object else {
      throw JobError.invalid(what: "--\(row.flag) must be a map", hint: hint)
    }
    // a map within a map as well: what the flag does not name stays
    let merged = try Self.map(map[row.name], row.key).merging(given) { old, new in
      guard let old = old.object, let new = new.object else { return new }
      return .object(old.merging(new) { $1 })
    }
    // a flag that says nothing is none
    if !merged.isEmpty || map[row.name] != nil { map[row.name] = .object(merged) }
  }

  /// The map that an option is, empty where it is not given.
  private static func map(_ value: JSONValue?, _ key: String) throws -> [String: JSONValue] {
    guard let value, value != .null else { return [:] }
    guard let map = value.object else {
      throw JobError.invalid(what: "option \"\(key)\" must be a map, not \(value.text)", hint: "")
    }
    return map
  }

  private static func read(_ path: String) throws -> JSONValue {
    // also a pipe, as a shell makes one of <(…), or /dev/stdin
    guard let data = try? FileHandle(forReadingAtPath: path)?.readToEnd() else {
      throw JobError.invalid(what: "cannot read the options file \(path)", hint: "check the path")
    }
    do {
      return try JSONValue.parse(data)
    } catch {
      throw JobError.invalid(
        what: "\(path): \(errorWords(error))", hint: "the options file is JSON, such as {\"output_chunksize\": 128}; correct it there")
    }
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
