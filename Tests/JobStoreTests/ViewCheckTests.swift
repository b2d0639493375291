import Geometry
import JobStore
import Testing

/// What is recorded while nobody has looked since whether the views are as recorded, and what becomes of it.
@Suite struct ViewCheckTests {
  /// Two levels of 4 x 4 x 4 and 2 x 2 x 2 blocks.
  private func twoLevels(_ scene: Scene) throws -> JobID { try scene.job([size(4, 4, 4), size(2, 2, 2)]) }

  private func counts(_ scene: Scene, _ job: JobID) throws -> [Int] { try scene.store.levels(of: job).map(\.counts.settled) }

  /// Blocks of level 0 with x below a number are those that a view touches.
  private func setBack(_ scene: Scene, _ job: JobID, below x: Int, own: Run? = nil) throws -> Int {
    let count = try scene.store.setBackUnchecked(job, because: "view a", own: own?.id) { $0.x < x }
    #expect(try scene.store.integrityCheck() == [])
    return count
  }

  @Test func onlyWhatNoCheckCoversIsSetBackWithAllAboveIt() throws {
    let scene = try Scene()
    let job = try twoLevels(scene)
    let run = try scene.store.beginRun(job: job, info: .sample())
    #expect(try run.work(level: 0, limit: 32) == 32)
    #expect(try scene.store.hasUncheckedBlocks(job))
    let check = try run.beginViewCheck()
    // recorded after it began: not covered
    #expect(try run.work(level: 0, limit: 32, .empty) == 32)
    while try run.work(level: 1, limit: 8) > 0 {}
    #expect(try counts(scene, job) == [64, 8])
    try run.foundViewsAsRecorded(by: check)
    #expect(try scene.store.hasUncheckedBlocks(job))
    // claims go along a Morton curve: the second half of the blocks is that of the larger z
    let count = try setBack(scene, job, below: 2, own: run)
    #expect(count == 16 + 2)
    #expect(try counts(scene, job) == [48, 6])
    for entry in try scene.store.allBlocks(of: job, BlockFilter(state: .pending)) {
      #expect(entry.block.position.z >= (entry.block.level == 0 ? 2 : 1), "\(entry.block)")
      #expect(entry.block.position.x < (entry.block.level == 0 ? 2 : 1), "\(entry.block)")
    }
    #expect(try run.end(.error(message: "view a")) == .interrupted)
    let next = try scene.store.beginRun(job: job, info: .sample())
    while try next.work(level: 0, limit: 64) > 0 {}
    while try next.work(level: 1, limit: 64) > 0 {}
    #expect(try next.end(.finished) == .complete)
  }

  @Test func whatIsCoveredStays() throws {
    let scene = try Scene()
    let job = try twoLevels(scene)
    let run = try scene.store.beginRun(job: job, info: .sample())
    while try run.work(level: 0, limit: 64) > 0 {}
    try run.foundViewsAsRecorded(by: try run.beginViewCheck())
    #expect(try !scene.store.hasUncheckedBlocks(job))
    #expect(try setBack(scene, job, below: 4, own: run) == 0)
    #expect(try counts(scene, job) == [64, 0])
  }

  @Test func failuresAndBulksOfEmptyBlocksAreSetBackToo() throws {
    let scene = try Scene()
    let job = try scene.job([size(40, 20, 20)])
    var run: Run? = try scene.store.beginRun(job: job, info: .sample())
    let bricks = try #require(run).nextBricks(level: 0, limit: 2)
    let settled = try #require(run).settleEmpty(level: 0, bricks: bricks.map(\.id))
    #expect(settled > 1000)
    #expect(try #require(run).work(level: 0, limit: 10, .failed(code: "x", message: "y")) == 10)
    run = nil  // as if the process died: the next one finds what changed
    #expect(try setBack(scene, job, below: 40) == settled + 10)
    #expect(try counts(scene, job) == [0])
    #expect(try scene.store.failures(of: job).isEmpty)
    #expect(try scene.store.job(job).state == .pending)
  }

  /// They may have made blocks of what was read meanwhile, also of the level above.
  @Test func otherRunsRecordNothingMore() throws {
    let scene = try Scene()
    let job = try twoLevels(scene)
    let other = try scene.reopened()
    let run = try scene.store.beginRun(job: job, info: .sample(1))
    let joined = try other.beginRun(job: job, join: true, info: .sample(2))
    #expect(try joined.work(level: 0, limit: 32) == 32)
    let claim = try #require(try joined.claim(level: 0, limit: 8).first)
    #expect(try setBack(scene, job, below: 4, own: run) == 32)
    let results = claim.positions.map { BlockResult(claim: claim.id, position: $0, outcome: .done) }
    let refusal = JobStoreError.viewsChanged("view a")
    #expect(throws: refusal) { try joined.record(results) }
    #expect(throws: refusal) { _ = try joined.claim(level: 0, limit: 8) }
    #expect(throws: refusal) { _ = try joined.settleEmpty(level: 1, bricks: [0]) }
    #expect(throws: refusal) { _ = try joined.leavesToOthers(progress: RunProgress()) }
    #expect(try run.end(.error(message: "view a")) == .running, "the other one still has its blocks in hand")
    #expect(try joined.end(.error(message: "view a")) == .interrupted)
    #expect(try counts(scene, job) == [0, 0])
    #expect(try other.beginRun(job: job, info: .sample(3)).work(level: 0, limit: 8) == 8)
  }
}
