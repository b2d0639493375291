import Diagnostics
import Foundation

/// A text of several lines that is shown again and again: in place on a terminal, elsewhere whenever it changes.
struct RedrawnText {
  private var shown = ""

  /// Returns whether stdout takes more.
  ///
  /// - Parameter state: the last word of the first line, which has its colour on a terminal.
  mutating func show(_ text: String, state: String) -> Bool {
    guard text != shown else { return true }
    defer { shown = text }
    // home, then line by line with the rest of each cleared: no flicker; what is below is cleared at the end
    var lines = text.printable.split(separator: "\n", omittingEmptySubsequences: false)
    if let size = Terminal.size(of: STDOUT_FILENO) {
      // what does not fit would move the rest away
      lines = lines.prefix(size.rows - 1).map { $0.prefix(size.columns) }
      let text = Terminal.colored(lines.joined(separator: "\n"), state: state).replacing("\n", with: "\u{1b}[K\n")
      return Terminal.draw((shown.isEmpty ? "\u{1b}[2J" : "") + "\u{1b}[H" + text + "\u{1b}[K\u{1b}[J")
    }
    return Terminal.result(text + "\n")
  }
}
