import Diagnostics
import Engine
import Planning
import Synchronization
import Testing

@Suite struct PatienceTests {
  /// A clock that only pauses move.
  private final class Clock: Sendable {
    let now = Mutex(0.0)
    let said = Mutex<[String]>([])
    let pauses = Mutex<[Double]>([])

    func patience(limitSeconds: Double) -> Patience {
      Patience(limitSeconds: limitSeconds, now: { self.now.withLock { $0 } }) { text in self.said.withLock { $0.append(text) } }
    }

    func pause(_ seconds: Double) -> Bool {
      pauses.withLock { $0.append(seconds) }
      now.withLock { $0 += seconds }
      return true
    }

    var saidSoFar: [String] { said.withLock { $0 } }
    var seconds: Double { now.withLock { $0 } }
  }

  private struct Down: Error {}

  /// What comes of it where the body always fails.
  private func end(
    _ clock: Clock, outage: Outage?, pause: @escaping (Double) -> Bool
  ) -> (any Error)? {
    do {
      let body: () throws -> Void = { throw Down() }
      try clock.patience(limitSeconds: 600).through(outage: { _ in outage }, pause: pause, body)
      return nil
    } catch {
      return error
    }
  }

  @Test func goesOnWhenItIsThereAgain() throws {
    let clock = Clock()
    let answer = try clock.patience(limitSeconds: 600).through(
      outage: { $0 is Down ? Outage("the disk is away") : nil }, pause: clock.pause
    ) { () throws -> Int in
      if clock.seconds < 100 { throw Down() }
      return 5
    }
    #expect(answer == 5)
    #expect(
      clock.saidSoFar == [
        "the disk is away; waiting for it, for 10 min 0 s at most", "what was waited for is there again; the work goes on",
      ])
    let pauses = clock.pauses.withLock { $0 }
    #expect(pauses.first == 1 && pauses.allSatisfy { $0 <= 15 } && pauses == pauses.sorted())
  }

  @Test func endsTheRunWhenItLastsTooLong() throws {
    let clock = Clock()
    let error = end(clock, outage: Outage("the disk is away"), pause: clock.pause) as? JobError
    guard case .unanswered(let what, false) = error else { return #expect(Bool(false), "\(error as Any)") }
    #expect(what.hasPrefix("the disk is away; waited 10 min"))
    #expect(error?.exitStatus == .unexpected && error?.hint.isEmpty == false)
    #expect(JobError.unanswered("", byTask: true).exitStatus == .notYet)
    #expect(clock.seconds >= 600 && clock.seconds < 620)
  }

  @Test func anOutageMayHaveALimitOfItsOwn() {
    let clock = Clock()
    var outage = Outage("late")
    outage.limitSeconds = 90
    outage.end = .damaged(job: "1", what: "a file")
    guard case JobError.damaged? = end(clock, outage: outage, pause: clock.pause) else {
      return #expect(Bool(false), "not its own end")
    }
    #expect(clock.seconds >= 90 && clock.seconds < 110)
  }

  @Test func otherErrorsStand() {
    let clock = Clock()
    #expect(end(clock, outage: nil, pause: clock.pause) is Down)
    #expect(clock.saidSoFar.isEmpty && clock.seconds == 0)
  }

  @Test func aStopEndsTheWait() {
    let clock = Clock()
    #expect(end(clock, outage: Outage("x"), pause: { _ in false }) is Patience.Interrupted)
  }

  /// However many wait.
  @Test func oneOutageIsToldOnce() throws {
    let clock = Clock()
    let patience = clock.patience(limitSeconds: 600)
    let waits = (0..<5).map { _ in Patience.Wait() }
    for wait in waits { for _ in 0..<3 { try patience.wait(for: Outage("x"), in: wait, pause: clock.pause) } }
    for wait in waits.dropLast() { patience.ended(wait) }
    #expect(clock.saidSoFar.count == 1)
    patience.ended(waits[4])
    patience.ended(waits[4])
    #expect(clock.saidSoFar.count == 2)
  }
}
