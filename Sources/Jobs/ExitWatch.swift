import Diagnostics
import JobStore

/// Decides, from one look at a job to the next, when a watch that wants the job's exit status ends: where that is known, or
/// somebody worked on the job while it was watched and nobody does any more.
package struct ExitWatch: Sendable {
  private var wasAtWork = false
  /// What the last look found, where nobody worked on the job then.
  private var idle: JobEnd??

  package init() {}

  /// - Parameter progress: how the job stands at this look.
  package mutating func isOver(_ progress: JobProgress) -> Bool {
    if [.complete, .failed].contains(progress.job.state) { return true }
    if progress.isAtWork {
      (wasAtWork, idle) = (true, nil)
      return false
    }
    let end = JobEnd(of: progress)
    let before = idle
    idle = .some(end)
    // also a run that began and ended from one look to the next
    if wasAtWork || before.map({ $0 != end }) == true { return true }
    // at the first look a run that was started with the watch may be about to begin
    return progress.exitStatus != .notYet && before != nil
  }
}
