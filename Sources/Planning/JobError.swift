import Diagnostics
import Files

/// What can go wrong with a job as a whole. A block's own failure is recorded with the block instead.
package enum JobError: Failure, Sendable {
  /// The dataset, the options or the output path cannot be used.
  case invalid(what: String, hint: String)
  /// Input, options, output or program are not what they were at submit; one line a difference.
  ///
  /// - Parameter advice: how the job goes on; nil: as after any change.
  case changed(job: String, differences: [String], advice: String? = nil)
  /// A stop was asked for by a signal.
  case interrupted(signal: Int32)
  /// The disk is full; the blocks in hand stay pending. Needed is an upper bound, before compression.
  case diskFull(path: String, neededByteCount: Int? = nil)
  /// What is recorded done cannot be read back.
  case damaged(job: String, what: String)
  /// The output folder cannot be written at all.
  case output(String, hint: String)
  /// What the work rests on does not answer, or is gone for now: what is not done stays pending, of a task for a later one.
  case unanswered(String, byTask: Bool = false)
  /// A process writes to the output, in the name of the job database at a path, if that is known.
  case inUse(output: String, database: String?)
  /// The output belongs to another job database, or to a copy of this one that took over.
  ///
  /// - Parameter database: the path of this one; nil for the order of one.
  case notOwner(output: String, database: String?, owner: String)
  /// What is in the place of a job's output is not that job's, or is not known to be.
  case foreignOutput(String, hint: String)
  /// Another process that shares the job recorded blocks that this one had claimed.
  case lost(String)
  /// Blocks of the level below are not done yet.
  case notYet(level: Int, missing: Int, first: String)
  case unexpected(String)

  package var code: FailureCode {
    switch self {
    case .invalid: .invalidInput
    case .changed: .changedSinceSubmit
    case .interrupted: .interrupted
    case .diskFull: .diskFull
    case .damaged: .outputDamaged
    case .output: .outputNotWritable
    case .unanswered: .placeUnanswered
    case .inUse: .outputInUse
    case .notOwner, .foreignOutput: .outputNotOwned
    case .lost: .claimsLost
    case .notYet: .levelBelowMissing
    case .unexpected: .unexpected
    }
  }

  package var description: String {
    switch self {
    case .invalid(let what, _): what
    case .changed(let job, let differences, _):
      "job \(job) does not match what it was submitted with:\n" + differences.map { "  - \($0)" }.joined(separator: "\n")
    case .interrupted(let signal): "stopped by signal \(signal)"
    case .diskFull(let path, _):
      FileStatus.isOutOfFiles(at: path)
        ? "the disk that holds \(path) can hold no more files (it has no inodes left), though it has room for bytes"
        : "the disk that holds \(path) is full"
    case .damaged(let job, let what): "job \(job): a block that is recorded done is missing or damaged: \(what)"
    case .output(let what, _): what
    case .unanswered(let what, _): what
    case .inUse(let output, let database):
      "another process is at work on the output \(output)" + (database.map { ", for the job database \($0)" } ?? "")
    case .notOwner(let output, _, let owner):
      "the output \(output) belongs to another record, the job database \(owner): two that write it would undo each other's work"
    case .foreignOutput(let what, _): what
    case .lost(let what): what
    case .notYet(let level, let missing, let first):
      "\(counted(missing, "block")) of level \(level - 1) that this task's blocks of level \(level) rest on \(missing == 1 ? "is" : "are") not done, the first at \(first)"
    case .unexpected(let what): what
    }
  }

  package var exitStatus: ExitStatus {
    switch self {
    case .invalid: .usage
    case .changed, .notOwner, .foreignOutput: .changed
    case .inUse: .alreadyRunning
    case .damaged: .damaged
    case .notYet, .unanswered(_, byTask: true): .notYet
    case .interrupted(let signal): .stopped(signal: signal)
    case .unanswered, .diskFull, .output, .lost, .unexpected: .unexpected
    }
  }

  package var isTransient: Bool {
    if case .unanswered = self { true } else { false }
  }

  package var isDiskFull: Bool {
    if case .diskFull = self { true } else { false }
  }

  package var hint: String {
    switch self {
    case .invalid(_, let hint), .output(_, let hint), .foreignOutput(_, let hint): hint
    case .changed(_, _, let advice?): advice
    case .changed:
      "restore what changed (a copy of the same data needs its times too, as `cp -p` and `rsync -t` keep them); or submit a new "
        + "job for the new data"
    case .interrupted: "the same `blockfuse run` continues where it stopped"
    case .diskFull(let path, _) where FileStatus.isOutOfFiles(at: path):
      "remove files that are not needed (`df -i` shows how many there are); the same command continues where it stopped. A job with "
        + "larger blocks, or with shards, needs fewer files"
    case .diskFull(_, let needed):
      "free some space" + (needed.map { ", up to \(byteText($0)) before compression" } ?? "")
        + "; the same command continues where it stopped"
    case .damaged: "`blockfuse verify --repair` sets it to pending, the same `blockfuse run` makes it again"
    case .unanswered:
      "bring back what is named, or wait until it is there; the same command continues where it stopped, and what is done is kept"
    case .inUse: "wait until it ends, or stop it; then do the same again"
    case .notOwner(_, nil, let owner): "make a new work order with `blockfuse order --db \(shellWord(owner))`, on the host that has it"
    case .notOwner(_, let database?, let owner):
      "use --db \(shellWord(owner)); if that is gone, or is not to be used any more, "
        + "`blockfuse restore \(shellWord(database)) --db \(shellWord(database))` "
        + "makes this one the owner"
    case .lost: "the same command continues where it stopped"
    case .notYet(let level, _, _): "start the tasks of level \(level - 1) again, then this one"
    case .unexpected: ""
    }
  }
}
