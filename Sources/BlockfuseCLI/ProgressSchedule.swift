/// When progress is said anew.
///
/// In a log, a line comes when a minute has passed since the last one and another whole percent is done, whichever comes
/// later: a short job writes few lines, and one of weeks a hundred. After a quarter of an hour a line comes in any case: it
/// shows that the process lives. On a terminal the line is drawn ten times a second.
package struct ProgressSchedule {
  package enum Kind: Sendable { case terminal, log, everySecond }

  private let kind: Kind
  private var last: (at: Double, percent: Int)

  package static let logSeconds = 60.0
  package static let longestSilence = 900.0

  /// - Parameter now: seconds of any clock; the first line of a log comes a minute later.
  package init(_ kind: Kind, now: Double) { (self.kind, last) = (kind, (now, 0)) }

  /// Whether a line is due; if so, it counts as said.
  package mutating func isDue(_ part: Int, of total: Int, now: Double) -> Bool {
    let percent = Int(100 * Double(part) / Double(max(1, total)))
    let silence = now - last.at
    let isDue =
      switch kind {
      case .terminal: silence >= 0.1
      case .everySecond: silence >= 1
      case .log: silence >= Self.logSeconds && percent != last.percent || silence >= Self.longestSilence
      }
    if isDue { last = (now, percent) }
    return isDue
  }
}
