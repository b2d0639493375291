import Diagnostics

/// That a run finds nothing to take, since other processes that share the job have the rest in hand, and what is said of it.
package struct WaitForOthers: Sendable {
  private var level: Int?
  private var since: ContinuousClock.Instant?
  private var told: [String] = []
  /// A shorter wait is not worth a word.
  private static let patience = Duration.seconds(3)

  package init() {}

  package mutating func began(level: Int, at now: ContinuousClock.Instant) {
    if self.level != level { (self.level, since) = (level, now) }
  }

  package mutating func ended() { (level, since) = (nil, nil) }

  /// The level on which it has been waiting for long.
  package func levelToTell(at now: ContinuousClock.Instant) -> Int? {
    guard let level, let since, now - since >= Self.patience else { return nil }
    return level
  }

  /// Said once of the same processes; nil where nobody has blocks.
  package mutating func note(_ others: [(worker: String, blocks: Int)], level: Int) -> String? {
    let workers = others.map(\.worker)
    guard self.level == level, !others.isEmpty, workers != told else { return nil }
    told = workers
    let list = others.map { "\(counted($0.blocks, "block")) in the hands of \($0.worker)" }.joined(
      separator: "; ")
    return
      "nothing is left to take on level \(level), so this run waits for others: \(list). If one of them hangs, end it: its blocks are then taken over"
  }
}
