import Testing
import Threads

/// Only time in which the process could work counts.
@Suite struct WorkClockTests {
  @Test func sleepIsNoWork() {
    var clock = WorkClock(now: 100)
    for i in 1...50 { clock.look(now: 100 + 0.1 * Double(i)) }
    #expect((clock.seconds - 5).magnitude < 1e-9)
    // eight hours with the lid closed
    clock.look(now: 105 + 8 * 3600)
    #expect((clock.seconds - 5).magnitude < 1e-9)
    clock.look(now: 105 + 8 * 3600 + 1)
    #expect((clock.seconds - 6).magnitude < 1e-9)
  }

  @Test func aClockThatJumpsBackTakesNothingAway() {
    var clock = WorkClock(now: 100)
    clock.look(now: 101)
    clock.look(now: 50)
    clock.look(now: 51)
    #expect(clock.seconds == 2)
  }
}
