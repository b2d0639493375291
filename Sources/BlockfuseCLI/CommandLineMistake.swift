import ArgumentParser
import Diagnostics
import Foundation
import Geometry

/// A command line that could not be understood, in words: what is wrong, what was probably meant, where to read more.
package struct CommandLineMistake {
  package private(set) var what: String
  package private(set) var hints: [String] = []

  /// A command that does not exist; nil where the line has none such.
  static func command(_ arguments: [String], _ tree: CommandTree) -> CommandLineMistake? {
    let words = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
    guard let word = words.first, !word.hasPrefix("-"), tree.command(word) == nil else { return nil }
    let known = tree.shown.map(\.commandName)
    let meant = nearestName(to: word, among: known).map { "did you mean \($0)?" }
    return CommandLineMistake(
      what: "there is no command \"\(word)\"",
      hints: [meant ?? "the commands are \(known.joined(separator: ", "))", "`blockfuse --help` says what each does"])
  }

  /// - Parameter message: the parser's: the error, help on what is missing, how the command is used.
  package init(_ message: String, _ arguments: [String], _ tree: CommandTree?) {
    if let tree, let command = Self.command(arguments, tree) {
      self = command
      return
    }
    what = ""
    var own: String?
    for line in message.split(separator: "\n").map(String.init) {
      if let hint = line.wholeMatch(of: /Hint: (.*)/) {
        own = String(hint.1)
      } else if let usage = line.wholeMatch(of: /Usage: (.*)/) {
        hints.append("usage: \(usage.1)")
      } else if let help = line.wholeMatch(of: /Help:\s*(.*?)(  .*)?/) {
        if let words = help.2 { hints.append("\(help.1):\(words.dropFirst())") }
      } else if let more = line.wholeMatch(of: /\s*See '(.*)' for more information\./) {
        hints.append("`\(more.1)` says more")
      } else if hints.isEmpty {
        what += (what.isEmpty ? "" : " ") + line
      }
    }
    if what.hasPrefix("Error: ") { what.removeFirst("Error: ".count) }
    if let own { hints = [own] }
    // what is missing is often what was mistyped
    if let tree, let (wrong, meant) = Self.unknownOption(arguments, tree) {
      what = "unknown option \(wrong)"
      if let meant { hints.insert("did you mean \(meant)?", at: 0) }
    }
    // but for a name in capitals
    if what.dropFirst().first?.isUppercase != true { what = what.prefix(1).lowercased() + what.dropFirst() }
  }

  /// For the parser's checks of a value: with what to do about it, in place of how the command is used.
  static func error(_ what: String, hint: String) -> ValidationError { ValidationError("\(what)\nHint: \(hint)") }

  private init(what: String, hints: [String]) { (self.what, self.hints) = (what, hints) }

  /// Says so and ends the program.
  func tell() -> Never {
    Terminal.message("error: \(what)")
    for hint in hints { Terminal.message("hint: \(hint)") }
    exit(ExitStatus.usage.code)
  }

  private static func unknownOption(_ arguments: [String], _ tree: CommandTree) -> (wrong: String, meant: String?)? {
    guard let command = arguments.first.flatMap({ tree.command($0) }), !command.passesOptionsOn else { return nil }
    let known = command.optionNames.filter { $0.hasPrefix("--") }
    for argument in arguments.dropFirst() {
      if argument == "--" { break }
      let name = String(argument.prefix { $0 != "=" })
      guard name.hasPrefix("--"), !known.contains(name) else { continue }
      return (name, nearestName(to: String(name.dropFirst(2)), among: known.map { String($0.dropFirst(2)) }).map { "--\($0)" })
    }
    return nil
  }
}
