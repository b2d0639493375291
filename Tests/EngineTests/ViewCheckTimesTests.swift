import Engine
import Testing

@Suite struct ViewCheckTimesTests {
  @Test func theFirstIsDueAfterTheIntervalOrAtOnce() {
    let now = ContinuousClock.now
    let later = ViewCheckTimes(everySeconds: 600, isDueNow: false)
    #expect(!later.isDue(at: now + .seconds(599)) && later.isDue(at: now + .seconds(601)))
    #expect(ViewCheckTimes(everySeconds: 10, isDueNow: true).isDue())
  }

  /// On a slow file system the checks of ten thousand views take their time; never more than a hundredth of all.
  @Test func aLongCheckIsFollowedByAHundredTimesItsLength() {
    let begin = ContinuousClock.now
    var times = ViewCheckTimes(everySeconds: 600, isDueNow: true)
    times.checked(from: begin, to: begin + .seconds(1))
    #expect(!times.isDue(at: begin + .seconds(600)) && times.isDue(at: begin + .seconds(602)))
    times.checked(from: begin, to: begin + .seconds(60))
    #expect(!times.isDue(at: begin + .seconds(6059)) && times.isDue(at: begin + .seconds(6061)))
  }
}
