import Diagnostics
import Files
import Foundation
import Synchronization

/// Where words go: results to stdout, progress and messages to stderr.
///
/// Where stdout takes no more, a command goes on to its own end and exit status: what it does is not for its words. A
/// reader that went away is no error; any other reason is said once, and the program then does not end with 0 (`launch`).
///
/// Nothing in a name commands the terminal: what is printed comes through here, and characters that would are written as
/// their numbers.
enum Terminal {
  private enum Output {
    case open
    /// `blockfuse blocks | head`
    case readerGone
    case failed
  }

  private static let output = Mutex(Output.open)
  private static let progressLength = Mutex(0)
  private static let quiet = Mutex(false)

  static let isInteractive = isatty(STDERR_FILENO) == 1
  private static let obeysCodes = TerminalStyle.obeysCodes(ProcessInfo.processInfo.environment)
  private static let isStderrColored = isColored(STDERR_FILENO)
  static let isStdoutColored = isColored(STDOUT_FILENO)

  private static func isColored(_ file: Int32) -> Bool {
    TerminalStyle.isWanted(isTerminal: isatty(file) == 1, environment: ProcessInfo.processInfo.environment)
  }

  /// Returns whether stdout takes more; a command that only lists may then end.
  @discardableResult
  static func result(_ text: String) -> Bool { draw(text.printable) }

  /// The state of a job at the end of the first line of a status in its colour, where stdout shows colours.
  static func colored(_ status: some StringProtocol, state: String) -> String {
    guard isStdoutColored, let style = TerminalStyle.of(state: state) else { return String(status) }
    let end = status.firstIndex(of: "\n") ?? status.endIndex
    guard status[..<end].hasSuffix(state) else { return String(status) }
    return status[..<end].dropLast(state.count) + style(state) + status[end...]
  }

  /// As `result`, for one line.
  @discardableResult
  static func line(_ text: String) -> Bool { draw(text.printableLine) }

  /// As `result`, for a text that moves the cursor on purpose; what stands in it must be printable.
  @discardableResult
  static func draw(_ text: String) -> Bool {
    output.withLock { output in
      guard output == .open else { return false }
      switch write(text + "\n", to: STDOUT_FILENO) {
      case 0: return true
      case EPIPE: output = .readerGone
      case let number:
        output = .failed
        message("error: stdout cannot be written, and what goes there is cut short: \(systemWords(number))")
        message("hint: see to where it goes, such as the space on that disk")
      }
      return false
    }
  }

  /// Whether results were lost that somebody waits for.
  static var hasLostResults: Bool { output.withLock { $0 == .failed } }

  /// Nothing but warnings and errors from now on.
  static func beQuiet() { quiet.withLock { $0 = true } }

  private static var isQuiet: Bool { quiet.withLock { $0 } }

  /// What is good to know, but no warning.
  static func news(_ text: String) { if !isQuiet { message(text) } }

  /// Warnings and errors; each is one line, or a list.
  static func message(_ text: String) {
    clearProgress()
    let name = "blockfuse: "
    var line = name + text.printableLine
    if let size = size(of: STDERR_FILENO) { line = wrapped(line, width: max(20, size.columns - 1)) }
    if isStderrColored { line = name + TerminalStyle.colored(message: String(line.dropFirst(name.count))) }
    write(line + "\n", to: STDERR_FILENO)
  }

  /// A question, on a line that the answer ends.
  static func prompt(_ text: String) {
    clearProgress()
    write("blockfuse: " + text.printable, to: STDERR_FILENO)
  }

  /// Ends the line of a question whose answer was not typed there.
  static func endPrompt() { if isInteractive { write("\n", to: STDERR_FILENO) } }

  /// One line that is redrawn on a terminal; elsewhere a line of its own.
  static func progress(_ text: String) {
    if isQuiet { return }
    guard isInteractive else {
      write(text.printableLine + "\n", to: STDERR_FILENO)
      return
    }
    let line = String(text.printableLine.prefix(progressWidth ?? maximumProgressWidth))
    progressLength.withLock { length in
      write("\r" + line + clearing(length - line.count), to: STDERR_FILENO)
      length = line.count
    }
  }

  /// Ends the line that is redrawn.
  static func clearProgress() {
    progressLength.withLock { length in
      guard length > 0 else { return }
      write("\r" + clearing(length) + "\r", to: STDERR_FILENO)
      length = 0
    }
  }

  /// What clears the rest of a line, of which so many characters are still in the way.
  private static func clearing(_ length: Int) -> String {
    obeysCodes ? "\u{1b}[K" : String(repeating: " ", count: max(0, length))
  }

  private static let maximumProgressWidth = 80

  /// Characters of the line that is redrawn; nil where it is no terminal. One that is full would begin the next line.
  static var progressWidth: Int? { size(of: STDERR_FILENO).map { max(20, min(maximumProgressWidth, $0.columns - 1)) } }

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

  /// Returns 0, or the number of the error.
  @discardableResult
  private static func write(_ text: String, to file: Int32) -> Int32 { writeWhole(Array(text.utf8), to: file) }
}
