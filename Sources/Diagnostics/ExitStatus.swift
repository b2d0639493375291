/// What a command's exit status says.
public enum ExitStatus: Int32, Sendable {
  case done = 0
  case unexpected = 1
  case someFailed = 3
  case changed = 4
  case noJob = 10
  case alreadyRunning = 11
  case damaged = 12
  case usage = 64
  /// Blocks of the level below are not done yet.
  case notYet = 75

  /// Every status and what it means, for the manual.
  public static let meanings: [(status: String, meaning: String)] = [
    ("0", "Done; also when --limit was reached, and when verify --repair mended everything."),
    ("1", "An unexpected error, or a full disk: the blocks in hand stay pending."),
    ("3", "Finished, but some blocks failed."),
    ("4", "Input, options or program changed since submit."),
    ("10", "No such job, or no such database."),
    ("11", "Another live process runs the job."),
    ("12", "A block recorded as done is missing or damaged."),
    ("64", "The command line, the dataset or the options are wrong."),
    ("75", "Blocks of the level below are not done yet (work)."),
    ("130, 143", "Stopped by SIGINT or SIGTERM; the same command goes on."),
  ]
}
