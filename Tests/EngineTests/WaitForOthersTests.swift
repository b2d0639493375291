import Engine
import Testing

@Suite struct WaitForOthersTests {
  private let start = ContinuousClock.now

  @Test func aLongWaitIsSaidOnceForEachThatIsWaitedFor() {
    var wait = WaitForOthers()
    #expect(wait.levelToTell(at: start) == nil)
    wait.began(level: 1, at: start)
    #expect(wait.levelToTell(at: start + .seconds(1)) == nil)
    wait.began(level: 1, at: start + .seconds(2))
    #expect(wait.levelToTell(at: start + .seconds(4)) == 1)
    let note = wait.note([(worker: "process 7 on here", blocks: 1), (worker: "process 8 on here", blocks: 1200)], level: 1)
    #expect(note?.contains("1 block in the hands of process 7 on here; 1,200 blocks in the hands of process 8") == true)
    #expect(wait.note([(worker: "process 7 on here", blocks: 1), (worker: "process 8 on here", blocks: 900)], level: 1) == nil)
    #expect(wait.note([(worker: "process 8 on here", blocks: 900)], level: 1) != nil)
    #expect(wait.note([], level: 1) == nil)
  }

  @Test func whatIsTakenEndsIt() {
    var wait = WaitForOthers()
    wait.began(level: 0, at: start)
    wait.ended()
    #expect(wait.levelToTell(at: start + .seconds(60)) == nil)
    #expect(wait.note([(worker: "process 7", blocks: 1)], level: 0) == nil)
    // another level is another wait
    wait.began(level: 0, at: start)
    wait.began(level: 1, at: start + .seconds(60))
    #expect(wait.levelToTell(at: start + .seconds(61)) == nil)
  }
}
