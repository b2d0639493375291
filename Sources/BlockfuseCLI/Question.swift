import Diagnostics
import Foundation
import Planning

/// Asks before something is lost, wherever somebody may sit who answers. A script has said what it wants by its options.
enum Question {
  /// Whether to go on: only `y` and `yes` mean so, typed or piped in, as for `rm -i`. Where neither input, results nor messages
  /// are a terminal nobody is asked.
  ///
  /// - Throws: where the input ends before there is an answer, which is no answer either way.
  static func agreed(_ question: String) throws -> Bool {
    let files = [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
    guard files.contains(where: { isatty($0) == 1 }) else { return true }
    ask("\(question) [y/N] ")
    let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased()
    if isatty(STDIN_FILENO) == 0 {
      // no line was ended by whoever typed
      Terminal.endPrompt()
      guard answer != nil else {
        throw JobError.invalid(what: "nobody answered the question, so nothing was done", hint: "add --yes to go on without a question")
      }
    }
    return answer == "y" || answer == "yes"
  }

  private static func ask(_ text: String) {
    if Terminal.isInteractive { return Terminal.prompt(text) }
    // messages go elsewhere, and the question is for whoever sits there
    FileHandle(forWritingAtPath: "/dev/tty")?.write(Data(text.printable.utf8))
  }
}
