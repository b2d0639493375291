import Diagnostics
import Foundation
import JobStore

/// What was last done for a job by somebody who works on it no more: a run that ended or died, one that was refused, or a work
/// order that was taken back.
///
/// What follows from it, the job's exit status and when a watch ends, is a table in docs/jobs.md.
package struct JobEnd: Hashable, Sendable {
  private enum Cause: Hashable {
    case run(Run.ID)
    case refusal(Date)
    case order(OrderRecord.ID)
  }

  private let cause: Cause
  private let at: Date
  /// When somebody last heard of it: before `at` for a process that died.
  private let heardAt: Date
  /// Nil where that says nothing of the job: it waits for somebody who runs it.
  let exitStatus: ExitStatus?

  /// Of processes that share a job, one that died counts as if it had lived for so long after it was last heard of.
  private static let heartbeatSeconds = 2.0

  /// Nil where nobody has worked on the job yet.
  init?(of progress: JobProgress) {
    var ends: [JobEnd] = []
    if let order = progress.newestOrder, let at = order.closedAt { ends.append(JobEnd(.order(order.id), at, nil)) }
    ends += progress.runs.filter { !$0.isLive }.map { JobEnd($0) }
    // of what ended in the same millisecond, the later run
    var last = ends.enumerated().max { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }?.element
    // whoever was refused began when nobody else was at work
    if let refusal = progress.refusal, last.map({ refusal.at >= $0.heardAt }) ?? true {
      last = JobEnd(.refusal(refusal.at), refusal.at, ExitStatus(code: refusal.exitStatus) ?? .unexpected)
    }
    guard let last else { return nil }
    self = last
  }

  private init(_ run: RunRecord) {
    let at = run.endedAt ?? run.heartbeatAt
    let known = run.exitStatus.flatMap(ExitStatus.init(code:))
    switch run.outcome {
    case .died, nil: self.init(.run(run.id), run.heartbeatAt + Self.heartbeatSeconds, .unexpected, heardAt: run.heartbeatAt)
    // it left nothing that it could do: what is to be done now was asked for since
    case .finished: self.init(.run(run.id), at, nil)
    case .error: self.init(.run(run.id), at, known ?? .unexpected)
    // by what, an earlier version did not record
    case .interrupted: self.init(.run(run.id), at, known)
    }
  }

  private init(_ cause: Cause, _ at: Date, _ exitStatus: ExitStatus?, heardAt: Date? = nil) {
    (self.cause, self.at, self.heardAt, self.exitStatus) = (cause, at, heardAt ?? at, exitStatus)
  }
}

extension JobProgress {
  /// Whether somebody works on the job, or may: processes, or tasks of a work order that is out.
  package var isAtWork: Bool { runs.contains(where: \.isLive) || newestOrder?.isOpen == true }

  /// The exit status of the job: how it ended, or, with blocks left to do, the last who worked on it. While somebody works on it, or
  /// it waits for somebody who runs it: that it is not done yet.
  package var exitStatus: ExitStatus {
    switch job.state {
    case .complete: .done
    case .failed: .someFailed
    case .creating, .running: .notYet
    case .pending, .interrupted: isAtWork ? .notYet : JobEnd(of: self)?.exitStatus ?? .notYet
    }
  }
}
