import Foundation

/// Tries again what can get better by itself, with growing waits.
enum Retry {
  static let waitsSeconds = [0.05, 0.3, 1.5]

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
