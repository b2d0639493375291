/// Seconds that were worked. It is looked at several times a second as long as the process runs, so a long time between
/// two looks means that the machine slept or the process was stopped: that time is left out.
package struct WorkClock: Sendable {
  /// More between two looks is no work.
  private static let longestSeconds = 2.0
  private var last: Double
  package private(set) var seconds = 0.0

  /// - Parameter now: by any clock that does not jump back.
  package init(now: Double) { last = now }

  package mutating func look(now: Double) {
    let passed = now - last
    last = now
    if passed > 0 { seconds += passed > Self.longestSeconds ? 0 : passed }
  }
}
