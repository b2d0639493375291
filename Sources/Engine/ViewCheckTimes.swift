import Foundation

/// When views are compared with their record again: every so often, and never for more than a hundredth of the time.
package struct ViewCheckTimes: Sendable {
  /// From the end of one check to the beginning of the next, at least.
  package let everySeconds: Double
  private var due: ContinuousClock.Instant

  /// A run can set back what it recorded since the last check.
  package static var run: ViewCheckTimes { ViewCheckTimes(everySeconds: forTests ?? 600, isDueNow: false) }
  /// A task of a work order writes nothing into its log that was not checked; what it has not written is lost if it is killed.
  package static var task: ViewCheckTimes { ViewCheckTimes(everySeconds: forTests ?? 10, isDueNow: true) }

  private static var forTests: Double? { getenv("BLOCKFUSE_VIEW_CHECK_SECONDS").flatMap { Double(String(cString: $0)) } }

  package init(everySeconds: Double, isDueNow: Bool) {
    self.everySeconds = everySeconds
    due = .now + .seconds(isDueNow ? 0 : everySeconds)
  }

  package func isDue(at now: ContinuousClock.Instant = .now) -> Bool { now >= due }

  /// A check has ended.
  package mutating func checked(from begin: ContinuousClock.Instant, to end: ContinuousClock.Instant = .now) {
    due = end + max(.seconds(everySeconds), (end - begin) * 100)
  }
}
