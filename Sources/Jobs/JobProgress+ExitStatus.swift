import Diagnostics
import JobStore

extension JobProgress {
  /// The exit status of the job: that of the last command that ran it, as far as it came to an end of its own. While it runs or
  /// waits for somebody who runs it, that it is not done yet.
  package var exitStatus: ExitStatus {
    switch job.state {
    case .complete: return .done
    case .failed: return .someFailed
    case .creating, .pending, .running: return .notYet
    case .interrupted:
      guard let last = runs.last, tasks == nil else { return .notYet }
      if let status = last.exitStatus.flatMap(ExitStatus.init(code:)) { return status }
      return switch last.outcome {
      case .error, .died: .unexpected
      case .finished, .interrupted, nil: .notYet
      }
    }
  }
}
