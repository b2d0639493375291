import Foundation

/// What the program's exit status says: all that there are.
///
/// A command throws one where it did its work, and the answer is not that all is well.
public enum ExitStatus: Error, Hashable, Sendable {
  case done
  case unexpected
  case someFailed
  case changed
  case noJob
  case alreadyRunning
  case damaged
  case usage
  case notYet
  case stopped(signal: Int32)

  /// The number that the shell gets.
  public var code: Int32 {
    switch self {
    case .done: 0
    case .unexpected: 1
    case .someFailed: 3
    case .changed: 4
    case .noJob: 10
    case .alreadyRunning: 11
    case .damaged: 12
    case .usage: 64
    case .notYet: 75
    case .stopped(let signal): 128 + signal
    }
  }

  /// Nil for a number that no command ends with.
  public init?(code: Int) {
    let known = Self.all.joined().first { Int($0.code) == code }
    if known == nil, !(129..<256).contains(code) { return nil }
    self = known ?? .stopped(signal: Int32(code - 128))
  }

  /// A sentence for the manual.
  public var meaning: String {
    switch self {
    case .done: "Done; also when --limit was reached, and when verify --repair mended everything."
    case .unexpected: "An unexpected error, a full disk, or one that does not answer: the blocks in hand stay pending."
    case .someFailed: "Finished, but some blocks failed."
    case .changed: "Input, options or program changed since submit."
    case .noJob: "No such job, or no such database."
    case .alreadyRunning: "Another live process runs the job."
    case .damaged: "A block recorded as done is missing or damaged."
    case .usage: "The command line, the dataset or the options are wrong."
    case .notYet: "Blocks of the level below are not done yet, or a disk does not answer (work)."
    case .stopped: "Stopped by SIGINT or SIGTERM; the same command goes on. Other signals that batch systems send: 128 + their number."
    }
  }

  /// All of them, those with one meaning together, in the order of their numbers.
  public static let all: [[ExitStatus]] = [
    [.done], [.unexpected], [.someFailed], [.changed], [.noJob], [.alreadyRunning], [.damaged], [.usage], [.notYet],
    [.stopped(signal: SIGINT), .stopped(signal: SIGTERM)],
  ]
}
