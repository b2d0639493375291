import ArgumentParser
import Diagnostics
import Jobs

/// Runs a command's body; says what went wrong on stderr and ends with the status that fits.
func reportingErrors(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch JobError.interrupted(let signal) {
    throw ExitCode(128 + signal)
  } catch let failure as any Failure {
    Terminal.message("error: \(failure.description)")
    if !failure.hint.isEmpty { Terminal.message("hint: \(failure.hint)") }
    throw ExitCode(failure.exitStatus.rawValue)
  } catch let error where error is ExitCode || error is ValidationError {
    // the argument parser says these
    throw error
  } catch {
    Terminal.message("error: \(error)")
    throw ExitCode(ExitStatus.unexpected.rawValue)
  }
}
