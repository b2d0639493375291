import BlockfuseCLI
import Testing

/// When progress is said, by a clock that the test holds.
@Suite struct ProgressScheduleTests {
  /// The seconds at which lines come, of a job that is done at an even pace.
  private func lines(_ kind: ProgressSchedule.Kind, seconds: Int) -> [Int] {
    var schedule = ProgressSchedule(kind, now: 0)
    return (1...seconds).filter { schedule.isDue($0, of: seconds, now: Double($0)) }
  }

  @Test func aShortJobWritesALineAMinute() {
    #expect(lines(.log, seconds: 50) == [])
    #expect(lines(.log, seconds: 200) == [60, 120, 180])
  }

  @Test func aLongJobWritesALineAPercent() {
    // a percent of ten hours is six minutes
    let all = lines(.log, seconds: 36_000)
    #expect(all.count == 100 && zip(all, all.dropFirst()).allSatisfy { $1 - $0 >= 359 })
  }

  @Test func nobodyWaitsLongerThanAQuarterOfAnHour() {
    // a percent of ten days is two hours and a half; and one that stands still
    let all = lines(.log, seconds: 864_000).prefix(100)
    #expect(zip(all, all.dropFirst()).allSatisfy { $1 - $0 <= 900 })
    var schedule = ProgressSchedule(.log, now: 0)
    #expect((1...3600).filter { schedule.isDue(5, of: 1000, now: Double($0)) } == [900, 1800, 2700, 3600])
  }

  @Test func aTerminalIsDrawnTenTimesASecond() {
    var schedule = ProgressSchedule(.terminal, now: 0)
    #expect((1...64).count { schedule.isDue(1, of: 9, now: Double($0) / 64) } == 9)
  }
}
