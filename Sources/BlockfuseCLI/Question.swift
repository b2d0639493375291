import Foundation

/// Asks before something is lost, where somebody is there to answer. A script has said what it wants by its options.
enum Question {
  /// Whether to go on. On a terminal only `y` and `yes` mean so.
  static func agreed(_ question: String) -> Bool {
    guard isatty(STDIN_FILENO) == 1, Terminal.isInteractive else { return true }
    Terminal.prompt("\(question) [y/N] ")
    let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased()
    return answer == "y" || answer == "yes"
  }
}
