import Foundation

/// Colours, as cargo has them: an error is red, a note and a hint are cyan, what is well is green. On a terminal only, and not
/// where the environment says that it shows none (`TERM=dumb`) or that they are not wanted (`NO_COLOR`, `CLICOLOR=0`).
package enum TerminalStyle: String, CaseIterable, Sendable {
  case error = "1;31"
  case warning = "1;33"
  case note = "1;36"
  case good = "1;32"

  /// - Parameter isTerminal: whether what is written goes to one.
  package static func isWanted(isTerminal: Bool, environment: [String: String]) -> Bool {
    guard isTerminal, obeysCodes(environment) else { return false }
    // by its convention any value counts but an empty one
    if let no = environment["NO_COLOR"], !no.isEmpty { return false }
    return environment["CLICOLOR"] != "0"
  }

  /// Whether the terminal knows codes that clear a line and the like.
  package static func obeysCodes(_ environment: [String: String]) -> Bool { environment["TERM"] != "dumb" }

  package func callAsFunction(_ text: String) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }

  /// A message with its first word in its colour, as in `error: the disk is full`; other messages as they are.
  package static func colored(message: String) -> String {
    let styles = [("error:", error), ("warning:", warning), ("note:", note), ("hint:", note)]
    guard let (word, style) = styles.first(where: { message.hasPrefix($0.0) }) else { return message }
    return style(word) + message.dropFirst(word.count)
  }

  /// How a state of a job or of blocks looks; nil: as other words.
  package static func of(state: String) -> TerminalStyle? {
    switch state {
    case "complete": good
    case "failed": error
    case "interrupted": warning
    case "running": note
    default: nil
    }
  }
}
