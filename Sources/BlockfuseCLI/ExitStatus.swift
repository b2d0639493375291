import ArgumentParser
import Foundation
import Fusion
import JobStore
import Jobs
import Threads
import Views
import Zarr

/// What the program's exit status says. The only place that decides on it.
enum ExitStatus: Int32 {
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

  /// For the manual.
  static let meanings: [(status: String, meaning: String)] = [
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

  init(_ error: any Error) {
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
  } catch let error as ExitCode {
    throw error
  } catch let error as JobError {
    if case .interrupted(let signal) = error { throw ExitCode(128 + signal) }
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

private func report(_ error: any Error, _ text: String, hint: String?) -> ExitCode {
  Terminal.message("error: \(text)")
  if let hint, !hint.isEmpty { Terminal.message("hint: \(hint)") }
  return ExitCode(ExitStatus(error).rawValue)
}
