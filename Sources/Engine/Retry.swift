import Foundation

/// What can get better by itself is tried again, with growing waits: the one place that says how often.
enum Retry {
  static let waitsSeconds = [0.05, 0.3, 1.5]

  /// How often something is tried at most.
  static var attemptLimit: Int { waitsSeconds.count + 1 }

  /// Runs `body` again, on the same thread, as long as it fails for a passing reason.
  static func transient<Result>(_ body: () throws -> Result) throws -> Result {
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
