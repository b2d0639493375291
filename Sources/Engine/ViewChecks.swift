import JobStore
import Output
import Planning
import Synchronization
import Views

/// The checks of a run's views beside its work: on a thread of its own every ten minutes, and when all is done. Each that
/// finds them as recorded is noted in the database; the first that does not ends the run.
package final class ViewChecks: Sendable {
  private struct State {
    var times = ViewCheckTimes.run
    /// The first error that ends the run.
    var changed: JobError?
  }

  private let watched: WatchedViews
  private let run: Run
  private let store: JobStore
  private let title: String
  private let state = Mutex(State())
  /// Checks are small work beside that of the workers.
  private static let threads = 4

  package init(_ watched: WatchedViews, run: Run, store: JobStore, title: String) {
    (self.watched, self.run, self.store, self.title) = (watched, run, store, title)
  }

  /// How often `checkWhenDue` is to be called.
  package var everySeconds: Double { state.withLock { $0.times.everySeconds } }

  /// What cannot be looked at now is looked at the next time.
  package func checkWhenDue() {
    guard state.withLock({ $0.times.isDue() && $0.changed == nil }) else { return }
    try? check()
  }

  /// Once all is done: nothing that is recorded is left unchecked. A view that is gone may be on a disk that is gone for a
  /// while: what was made of it stays unchecked, for the next run.
  func checkAtEnd() throws {
    guard try store.hasUncheckedBlocks(run.job) else { return }
    do {
      try Retry.standard.transient { try check() }
    } catch let error as ViewsError where error.isAbsence {
      throw JobError.unanswered(error.description)
    }
  }

  private func check() throws {
    let begin = ContinuousClock.now
    defer { state.withLock { $0.times.checked(from: begin) } }
    let number = try run.beginViewCheck()
    let changed = try watched.changed(threads: Self.threads)
    if changed.isEmpty { return try run.foundViewsAsRecorded(by: number) }
    let views = watched.described(changed)
    let error = JobError.changed(job: title, differences: views.lines, advice: ChangeAdvice.text(for: views, job: run.job))
    state.withLock { $0.changed = error }
    try refuseIfChanged()
  }

  /// Throws once a view was found changed: nothing more is begun or recorded.
  func refuseIfChanged() throws(JobError) {
    if let changed = state.withLock({ $0.changed }) { throw changed }
  }
}
