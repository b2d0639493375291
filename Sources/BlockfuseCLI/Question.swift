import Diagnostics
import Foundation

/// Asks before something is lost, where somebody is there to answer. A script has said what it wants by its options.
enum Question {
  /// Whether to go on. On a terminal only `y` and `yes` mean so.
  static func agreed(_ question: String) -> Bool {
    guard isatty(STDIN_FILENO) == 1 else { return true }
    if Terminal.isInteractive {
      Terminal.prompt("\(question) [y/N] ")
    } else {
      // messages go elsewhere, and the question is for whoever sits there
      FileHandle(forWritingAtPath: "/dev/tty")?.write(Data("\(question.printable) [y/N] ".utf8))
    }
    let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased()
    return answer == "y" || answer == "yes"
  }
}
