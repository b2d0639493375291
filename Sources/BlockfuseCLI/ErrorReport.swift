import ArgumentParser
import Diagnostics
import Planning

/// Runs a command's body, unless what it was started with is no text; says what went wrong on stderr and ends with the status that fits.
func reportingErrors(_ body: () throws -> Void) throws {
  do {
    try NameText.check()
    try body()
  } catch JobError.interrupted(let signal) {
    throw ExitStatus.stopped(signal: signal)
  } catch let failure as any Failure {
    Terminal.message("error: \(failure.description)")
    if !failure.hint.isEmpty { Terminal.message("hint: \(failure.hint)") }
    throw failure.exitStatus
  } catch let error where error is ExitStatus || error is ValidationError {
    // the one has been said, the argument parser says the other
    throw error
  } catch {
    Terminal.message("error: \(errorWords(error))")
    throw ExitStatus.unexpected
  }
}
