import Diagnostics
import Faults
import Planning
import Synchronization

/// How long a run waits for what it rests on (a disk, a server of files) before it stops, and what it says meanwhile.
///
/// An outage is nobody's failure: while it lasts nothing is recorded of the blocks that meet it. It is over when what met it
/// goes well. Where it lasts too long the run ends, and the same command goes on from there.
package final class Patience: Sendable {
  /// The run is to stop: what waits is left as it is.
  package struct Interrupted: Error {}

  /// One who waits, or several for the same: since when.
  package final class Wait: Sendable {
    fileprivate let begunAt = Mutex<Double?>(nil)

    package init() {}
  }

  /// For a server that is started again, or a mount that somebody has to see to.
  private static let standardSeconds = 600.0
  /// Between two tries.
  private static let (shortestPause, longestPause) = (1.0, 15.0)

  private let limitSeconds: Double
  private let now: @Sendable () -> Double
  private let say: @Sendable (String) -> Void
  /// How many wait.
  private let waits = Mutex(0)

  /// - Parameters:
  ///   - limitSeconds: nil for the usual.
  ///   - now: seconds by a clock that does not jump.
  ///   - say: told when the first begins to wait, and when nobody does any more.
  package init(
    limitSeconds: Double? = nil, now: @escaping @Sendable () -> Double = { Patience.uptime }, say: @escaping @Sendable (String) -> Void
  ) {
    self.limitSeconds = limitSeconds ?? Faults.patienceSeconds ?? Self.standardSeconds
    (self.now, self.say) = (now, say)
  }

  /// Without the time in which the machine slept.
  private static let start = SuspendingClock.now
  package static var uptime: Double {
    let (seconds, attoseconds) = (SuspendingClock.now - start).components
    return Double(seconds) + Double(attoseconds) / 1e18
  }

  /// Waits a little for an outage to end.
  ///
  /// - Parameter pause: waits so many seconds; false where the run is to stop.
  /// - Throws: `JobError.unanswered` or the outage's own end where it lasts too long, `Interrupted`.
  package func wait(for outage: Outage, in wait: Wait, pause: (Double) -> Bool) throws {
    let now = now()
    let limit = min(limitSeconds, outage.limitSeconds)
    let (begunAt, isFirst) = wait.begunAt.withLock { begunAt in
      let isFirst = begunAt == nil
      begunAt = begunAt ?? now
      return (begunAt ?? now, isFirst)
    }
    if isFirst {
      let isAlone = waits.withLock { waits in
        waits += 1
        return waits == 1
      }
      if isAlone { say("\(outage.what); waiting for it, for \(durationText(limit)) at most") }
    }
    let waited = now - begunAt
    guard waited < limit else {
      throw outage.end ?? JobError.unanswered("\(outage.what); waited \(durationText(waited)) for it")
    }
    let seconds = min(max(Self.shortestPause, waited / 4), Self.longestPause, limit / 4)
    guard pause(seconds) else { throw Interrupted() }
  }

  /// What was waited for goes well.
  package func ended(_ wait: Wait) {
    guard wait.begunAt.withLock({ $0.take() }) != nil else { return }
    let isLast = waits.withLock { waits in
      waits -= 1
      return waits == 0
    }
    if isLast { say("what was waited for is there again; the work goes on") }
  }

  /// Runs `body`, and again as long as it fails for an outage.
  ///
  /// - Parameter outage: the outage behind an error; nil where there is none, and the error stands.
  package func through<Result>(
    outage: (any Error) -> Outage?, pause: (Double) -> Bool, _ body: () throws -> Result
  ) throws -> Result {
    let wait = Wait()
    while true {
      do {
        let result = try body()
        ended(wait)
        return result
      } catch {
        guard let outage = outage(error) else {
          ended(wait)
          throw error
        }
        try self.wait(for: outage, in: wait, pause: pause)
      }
    }
  }
}
