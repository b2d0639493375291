import Foundation
import Synchronization

/// Where words go: results to stdout, progress and messages to stderr.
enum Terminal {
  private static let progressLength = Mutex(0)
  private static let quiet = Mutex(false)

  static let isInteractive = isatty(STDERR_FILENO) == 1

  static func result(_ text: String) {
    write(text + "\n", to: STDOUT_FILENO)
  }

  /// Nothing but warnings and errors from now on.
  static func beQuiet() { quiet.withLock { $0 = true } }

  private static var isQuiet: Bool { quiet.withLock { $0 } }

  /// What is good to know, but no warning.
  static func news(_ text: String) { if !isQuiet { message(text) } }

  /// Warnings and errors.
  static func message(_ text: String) {
    clearProgress()
    let line = "blockfuse: " + text
    write((progressWidth.map { wrapped(line, width: $0) } ?? line) + "\n", to: STDERR_FILENO)
  }

  /// One line that is redrawn on a terminal; elsewhere a line of its own.
  static func progress(_ text: String) {
    if isQuiet { return }
    guard isInteractive else {
      write(text + "\n", to: STDERR_FILENO)
      return
    }
    let width = progressWidth ?? 100
    let line = String(text.prefix(width))
    progressLength.withLock { length in
      write("\r" + line + String(repeating: " ", count: max(0, length - line.count)), to: STDERR_FILENO)
      length = line.count
    }
  }

  /// Ends the line that is redrawn.
  static func clearProgress() {
    progressLength.withLock { length in
      guard length > 0 else { return }
      write("\r" + String(repeating: " ", count: length) + "\r", to: STDERR_FILENO)
      length = 0
    }
  }

  /// Characters of the line that is redrawn; nil where it is no terminal.
  static var progressWidth: Int? { size(of: STDERR_FILENO).map { max(20, $0.columns - 1) } }

  /// Nil where it is no terminal.
  static func size(of file: Int32) -> (rows: Int, columns: Int)? {
    guard isatty(file) == 1 else { return nil }
    var size = winsize()
    guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (24, 100) }
    return (Int(size.ws_row), Int(size.ws_col))
  }

  /// Broken between words, the further lines set in. A word that is longer than the line stays whole, to be copied.
  private static func wrapped(_ text: String, width: Int) -> String {
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      for word in paragraph.split(separator: " ", omittingEmptySubsequences: false) {
        if !line.isEmpty, line.count + 1 + word.count > width {
          lines.append(line)
          line = "  " + word
        } else {
          line += (line.isEmpty ? "" : " ") + word
        }
      }
      lines.append(line)
    }
    return lines.joined(separator: "\n")
  }

  /// A reader that went away (`blockfuse blocks | head`) is no error.
  private static func write(_ text: String, to file: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EPIPE && file == STDOUT_FILENO { exit(0) }
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }
}

/// A text of several lines that is shown again and again: in place on a terminal, elsewhere whenever it changes.
struct RedrawnText {
  private var shown = ""

  mutating func show(_ text: String) {
    guard text != shown else { return }
    // home, then line by line with the rest of each cleared: no flicker; what is below is cleared at the end
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if let size = Terminal.size(of: STDOUT_FILENO) {
      // what does not fit would move the rest away
      lines = lines.prefix(size.rows - 1).map { $0.prefix(size.columns) }
      Terminal.result((shown.isEmpty ? "\u{1b}[2J" : "") + "\u{1b}[H" + lines.map { $0 + "\u{1b}[K" }.joined(separator: "\n") + "\u{1b}[J")
    } else {
      Terminal.result(text + "\n")
    }
    shown = text
  }
}
