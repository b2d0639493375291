import Engine
import JobStore
import Testing

/// The time left rests on what costs something.
@Suite struct TimeLeftTests {
  private func level(_ total: Int, done: Int = 0, empty: Int = 0, failed: Int = 0, voxels: Int = 1000) -> TimeLeft.Level {
    TimeLeft.Level(counts: BlockCounts(total: total, done: done, empty: empty, failed: failed), voxelsPerBlock: voxels)
  }

  /// Ten written blocks a second.
  private let dense = TimeLeft.Lately(seconds: 60, voxels: 600_000, writtenVoxels: 600_000)

  @Test func denseLevel() {
    #expect(TimeLeft.seconds(levels: [level(1000, done: 600)], lately: dense) == 40)
  }

  @Test func nothingIsSaidWithoutAnythingDone() {
    #expect(TimeLeft.seconds(levels: [level(10)], lately: .init(seconds: 9, voxels: 0, writtenVoxels: 0)) == nil)
    #expect(TimeLeft.seconds(levels: [level(10)], lately: .init(seconds: 0, voxels: 5, writtenVoxels: 5)) == nil)
  }

  /// Regions settled in bulk cost nothing: neither are they done at the rate of the others, nor do they raise it.
  @Test func regionsSettledInBulkAreNoWork() {
    let sparse = level(1_000_000, done: 600, empty: 999_000)
    #expect(TimeLeft.seconds(levels: [sparse], lately: dense) == 40)
  }

  /// A fifth of what is looked at is written: of 400 pending blocks 80, at two a second.
  @Test func emptyBlocksAmongTheOthers() throws {
    let mixed = TimeLeft.Lately(seconds: 60, voxels: 600_000, writtenVoxels: 120_000)
    let left = try #require(TimeLeft.seconds(levels: [level(1000, done: 120, empty: 480)], lately: mixed))
    #expect((left - 40).magnitude < 1e-9)
  }

  @Test func levelsAboveHoldAsMuchAsTheOneBelow() throws {
    // of level 0 a tenth is written in the end: of level 1 a tenth, too
    let left = try #require(
      TimeLeft.seconds(levels: [level(1000, done: 60, empty: 900), level(125)], lately: dense))
    #expect((left - (40 + 12.5) / 10).magnitude < 1e-9)
  }

  @Test func failedBlocksAreNotWaitedFor() {
    #expect(TimeLeft.seconds(levels: [level(1000, done: 600, failed: 400)], lately: dense) == 0)
  }

  @Test func onlyEmptyBlocksSoFar() {
    let empty = TimeLeft.Lately(seconds: 10, voxels: 100_000, writtenVoxels: 0)
    #expect(TimeLeft.seconds(levels: [level(1000, empty: 900)], lately: empty) == 10)
  }
}
