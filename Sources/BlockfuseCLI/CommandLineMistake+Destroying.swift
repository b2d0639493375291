import Diagnostics

extension CommandLineMistake {
  /// Commands by which something is lost that nobody has again: never a guess at what was meant.
  package static let destroying: Set<String> = ["prune", "remove", "restore"]

  /// Words by which other programs destroy, or move, things. Whoever types one is not to be sent to whatever happens to look
  /// like it: `rm` is one letter from `run`.
  private static let dangerousWords: Set<String> = [
    "clean", "cleanup", "clear", "delete", "destroy", "del", "drop", "erase", "forget", "kill", "move", "mv", "purge", "reset", "rm",
    "rmdir", "trash", "unlink", "wipe",
  ]

  /// Whether a word may be meant for a command that destroys: `rm`, `remov`, `remove-all`.
  static func isDangerous(_ word: String, among known: [String]) -> Bool {
    let parts = word.lowercased().split { !$0.isLetter }.map(String.init)
    if parts.contains(where: { dangerousWords.contains($0) || destroying.contains($0) }) { return true }
    return nearestName(to: word, among: known).map(destroying.contains) == true
  }
}
