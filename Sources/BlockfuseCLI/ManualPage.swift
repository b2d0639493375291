import Output
import Planning
import Diagnostics
import Foundation
import Jobs

/// The manual page of all commands, as roff with the macros of man(7). Made from what the commands say of themselves.
package struct ManualPage {
  private let tree: CommandTree
  /// Options that several commands share are written once, under their title.
  private static let sharedTitles = ["Fusion", "Resources"]

  package init(_ tree: CommandTree) { self.tree = tree }

  package var text: String {
    let name = tree.commandName
    var lines = [
      ".TH \(name.uppercased()) 1 \"\" \"\(Self.escaped(Program.version))\" \"User Commands\"",
      ".SH NAME", "\(name) \\- \(Self.escaped(tree.abstract ?? ""))",
      ".SH SYNOPSIS", ".B \(name)", ".I command", "[\\fIoptions\\fR]",
      ".SH DESCRIPTION",
    ]
    lines += Self.paragraphs(tree.discussion)
    lines.append(".SH COMMANDS")
    for command in tree.shown { lines += section(of: command) }
    for title in Self.sharedTitles {
      lines.append(".SH \(title.uppercased())")
      lines += Self.list(shared(title))
    }
    lines += [".SH EXIT STATUS"] + ExitStatus.all.flatMap(Self.item)
    lines += [".SH ENVIRONMENT"] + Self.item(bold: "BLOCKFUSE_DB", "The job database, where --db does not name one.")
    lines += [".SH FILES"] + Self.item(bold: "blockfuse.sqlite", "The job database in the current folder.")
    return lines.joined(separator: "\n")
  }

  private func section(of command: CommandTree) -> [String] {
    let arguments = (command.arguments ?? []).filter { $0.shouldDisplay }
    let own = arguments.filter { !Self.isShared($0) && $0.names?.contains { $0.name == "help" || $0.name == "version" } != true }
    var synopsis = "\\fB\(tree.commandName) \(command.commandName)\\fR"
    for argument in own where argument.kind == "positional" || !argument.isOptional {
      let usage = Self.escaped(argument.usage)
      synopsis += argument.isOptional ? " [\(usage)]" : " \(usage)"
    }
    synopsis += " [\\fIoptions\\fR]"
    var lines = [".SS \(command.commandName)", synopsis, ".PP", Self.line(command.abstract ?? "")]
    lines += Self.paragraphs(command.discussion)
    lines += Self.list(own)
    let titles = Self.sharedTitles.filter { title in arguments.contains { $0.sectionTitle == title } }
    if !titles.isEmpty {
      lines += [".PP", "Also the options below \(titles.map { $0.uppercased() }.joined(separator: " and "))."]
    }
    return lines
  }

  private func shared(_ title: String) -> [CommandTree.Argument] {
    let command = tree.shown.first { ($0.arguments ?? []).contains { $0.sectionTitle == title } }
    return (command?.arguments ?? []).filter { $0.sectionTitle == title && $0.shouldDisplay }
  }

  private static func isShared(_ argument: CommandTree.Argument) -> Bool {
    argument.sectionTitle.map(sharedTitles.contains) ?? false
  }

  // MARK: - roff

  private static func list(_ arguments: [CommandTree.Argument]) -> [String] {
    arguments.flatMap { argument in
      var words = argument.abstract ?? ""
      if let value = argument.defaultValue, !words.contains("Default") { words += " Default: \(value)." }
      return item(bold: argument.usage, words)
    }
  }

  private static func item(_ statuses: [ExitStatus]) -> [String] {
    item(bold: statuses.map { String($0.code) }.joined(separator: ", "), statuses[0].meaning)
  }

  private static func item(bold title: String, _ words: String) -> [String] {
    [".TP", "\\fB\(escaped(title))\\fR", line(words)]
  }

  /// Paragraphs with lines between them; lines that are set in stay as they are.
  private static func paragraphs(_ text: String?) -> [String] {
    guard let text else { return [] }
    return text.split(separator: "\n\n").flatMap { paragraph -> [String] in
      let lines = paragraph.split(separator: "\n").map(String.init)
      if lines.count == 1, lines[0].hasPrefix("Example: ") {
        return [".PP", "Example:", ".RS 4", ".nf", line(String(lines[0].dropFirst(9))), ".fi", ".RE"]
      }
      guard lines.allSatisfy({ $0.hasPrefix("  ") }) else { return [".PP"] + lines.map(line) }
      return [".PP", ".RS 4", ".nf"] + lines.map { line(String($0.dropFirst(2))) } + [".fi", ".RE"]
    }
  }

  private static func line(_ text: String) -> String {
    // a line that begins so would be a request
    let escaped = escaped(text)
    return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "\\", with: "\\e").replacingOccurrences(of: "-", with: "\\-")
      .replacingOccurrences(of: "…", with: "...")
  }
}
