/// How a job as a whole stands.
public enum JobState: String, CaseIterable, Sendable, Codable {
  /// Submit has not finished; the output may be half made.
  case creating
  case pending
  case running
  /// Stopped, by whatever cause, with blocks left to do. Also what a `running` job is whose processes are all dead.
  case interrupted
  /// Finished, but for blocks that failed and those above them.
  case failed
  case complete
}

/// Changes of a job that decide anew how it stands, once no live process runs it.
public enum JobChange: CaseIterable, Sendable {
  /// The last of its runs found nothing left that it could do.
  case finished
  /// The last of its runs stopped before that, by a signal or an error.
  case stopped
  /// All of its processes died, and nobody has written that down.
  case abandoned
  /// Failed blocks became pending again.
  case retried
  /// Any blocks became pending again.
  case setBack
  /// Logs of tasks were read, which may say more of some blocks than of others.
  case collected
}

extension JobState {
  /// The state of a job after a change, by the blocks of its levels, lowest first. This is the only place that decides
  /// it.
  public init(of levels: [BlockCounts], before: JobState, after change: JobChange) {
    switch change {
    case .finished:
      self = levels.allSatisfy(\.isSettled) ? .complete : levels.contains { $0.failed > 0 } ? .failed : .interrupted
    case .stopped: self = .interrupted
    case .abandoned: self = before == .running ? .interrupted : before
    case .retried: self = before == .failed ? .interrupted : before
    case .setBack:
      self = before == .pending ? .pending : levels.contains { $0.settled > 0 } ? .interrupted : .pending
    case .collected:
      guard let lowest = levels.first(where: { !$0.isSettled }) else {
        self = .complete
        return
      }
      // tasks may do a level while others are still at the one below: what is left there decides
      let isOver = lowest.pending == 0 && lowest.failed > 0
      let isBegun = levels.contains { $0.settled + $0.failed > 0 }
      self = isOver ? .failed : isBegun ? .interrupted : before
    }
  }
}
