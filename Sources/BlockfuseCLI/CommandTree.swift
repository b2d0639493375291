import ArgumentParser
import Foundation

/// All commands with their options, as the command line's parser knows them: what the manual is made of, and where a
/// mistyped word is looked for.
package struct CommandTree: Decodable {
  struct Argument: Decodable {
    struct Name: Decodable {
      let kind: String
      let name: String
      /// As it is typed.
      var typed: String { (kind == "long" ? "--" : "-") + name }
    }
    /// positional, option or flag.
    let kind: String
    let shouldDisplay: Bool
    let sectionTitle: String?
    let isOptional: Bool
    let names: [Name]?
    let valueName: String?
    let defaultValue: String?
    let abstract: String?
    let parsingStrategy: String?

    /// `-o, --output <out>`, `<dataset>`.
    var usage: String {
      let value = valueName.map { "<\($0)>" } ?? ""
      guard kind != "positional" else { return value }
      // short ones first, as in the help
      let all = (names ?? []).sorted { $0.typed.count < $1.typed.count }.map(\.typed).joined(separator: ", ")
      return kind == "flag" ? all : "\(all) \(value)"
    }
  }

  package let commandName: String
  let shouldDisplay: Bool
  let abstract: String?
  let discussion: String?
  let subcommands: [CommandTree]?
  let arguments: [Argument]?

  package static func read() throws -> CommandTree {
    struct Document: Decodable { let command: CommandTree }
    return try JSONDecoder().decode(Document.self, from: Data(document().utf8)).command
  }

  /// The JSON document that the parser answers this option with. Its answer is thrown, as that to `--help` is.
  private static func document() -> String {
    do {
      _ = try Blockfuse.parse(["--experimental-dump-help"])
      return ""
    } catch {
      return Blockfuse.fullMessage(for: error)
    }
  }

  /// The command with a name, such as `run`; `help` as well.
  package func command(_ name: String) -> CommandTree? { subcommands?.first { $0.commandName == name } }

  /// What people see: without `help`, which every program has.
  package var shown: [CommandTree] { (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" } }

  /// Whether options that it does not know are for another program.
  var passesOptionsOn: Bool { (arguments ?? []).contains { $0.parsingStrategy == "allUnrecognized" } }

  /// `--output`, `-o`, … as typed.
  package var optionNames: [String] { (arguments ?? []).flatMap { ($0.names ?? []).map(\.typed) } }
}
