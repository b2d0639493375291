import ArgumentParser
import Foundation
import Fusion
import JobStore
import Jobs
import Threads
import Views
import Zarr

/// What the program's exit status says: all that there are, and the only place that decides on them.
///
/// A command throws one where it did its work, and the answer is not that all is well.
package enum ExitStatus: Error, Hashable {
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
  package var code: Int32 {
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

  /// A sentence for the manual.
  package var meaning: String {
    switch self {
    case .done: "Done; also when --limit was reached, and when verify --repair mended everything."
    case .unexpected: "An unexpected error, or a full disk: the blocks in hand stay pending."
    case .someFailed: "Finished, but some blocks failed."
    case .changed: "Input, options or program changed since submit."
    case .noJob: "No such job, or no such database."
    case .alreadyRunning: "Another live process runs the job."
    case .damaged: "A block recorded as done is missing or damaged."
    case .usage: "The command line, the dataset or the options are wrong."
    case .notYet: "Blocks of the level below are not done yet (work)."
    case .stopped: "Stopped by SIGINT or SIGTERM; the same command goes on."
    }
  }

  /// All of them, those with one meaning together, in the order of their numbers.
  package static let all: [[ExitStatus]] = [
    [.done], [.unexpected], [.someFailed], [.changed], [.noJob], [.alreadyRunning], [.damaged], [.usage], [.notYet],
    [.stopped(signal: SIGINT), .stopped(signal: SIGTERM)],
  ]

  package init(_ error: any Error) {
    switch error {
    case let error as JobError:
      switch error {
      case .invalid: self = .usage
      case .changed: self = .changed
      case .damaged: self = .damaged
      case .notYet: self = .notYet
      default: self = .unexpected
      }
    case let error as JobStoreError:
      switch error {
      case .noDatabase, .databaseGone, .noSuchJob: self = .noJob
      case .alreadyRunning: self = .alreadyRunning
      case .newerDatabase, .migrationChanged: self = .changed
      case .noParentFolder, .unusablePath, .foreignFile, .networkFileSystem, .fileExists: self = .usage
      default: self = .unexpected
      }
    // an input that is wrong is the dataset's fault; one that cannot be read now is nobody's
    case let error as ViewsError: self = error.isTransient ? .unexpected : .usage
    case is FusionError: self = .usage
    default: self = .unexpected
    }
  }
}

/// Runs a command's body; says what went wrong on stderr and ends with the status that fits.
func reportingErrors(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch let status as ExitStatus {
    throw status
  } catch let error as JobError {
    if case .interrupted(let signal) = error { throw ExitStatus.stopped(signal: signal) }
    throw report(error, error.description, hint: error.hint)
  } catch let error as JobStoreError {
    throw report(error, error.description, hint: error.hint)
  } catch let error as ViewsError {
    throw report(error, error.description, hint: error.hint)
  } catch let error as ZarrError {
    throw report(error, error.description, hint: error.hint)
  } catch let error as FusionError {
    throw report(error, error.description, hint: error.hint)
  } catch let error as ThreadError {
    throw report(error, error.description, hint: error.hint)
  } catch let error as ValidationError {
    throw error
  } catch {
    throw report(error, "\(error)", hint: nil)
  }
}

private func report(_ error: any Error, _ text: String, hint: String?) -> ExitStatus {
  Terminal.message("error: \(text)")
  if let hint, !hint.isEmpty { Terminal.message("hint: \(hint)") }
  return ExitStatus(error)
}
