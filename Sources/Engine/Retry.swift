import Foundation

/// What can get better by itself is tried again, with growing waits.
package struct Retry: Sendable {
  /// Before the second try, the third, and so on.
  let waitsSeconds: [Double]

  package init(waitsSeconds: [Double]) { self.waitsSeconds = waitsSeconds }

  /// How a run tries again: the one place that says how often.
  package static let standard = Retry(waitsSeconds: [0.05, 0.3, 1.5])

  /// How often something is tried at most.
  package var attemptLimit: Int { waitsSeconds.count + 1 }

  /// Runs `body` again, on the same thread, as long as it fails for a passing reason.
  package func transient<Result>(_ body: () throws -> Result) throws -> Result {
    for wait in waitsSeconds {
      do {
        return try body()
      } catch {
        guard WorkFailure(error).isTransient else { throw error }
        Thread.sleep(forTimeInterval: wait)
      }
    }
    return try body()
  }
}
