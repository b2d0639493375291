import Geometry
import JobStore
import Testing

@Suite struct RecordTests {
  @Test func resultsOfManyClaimsGoInOneCall() throws {
    let scene = try Scene()
    let job = try scene.job([size(4, 4, 4)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    let claims = try (0..<8).flatMap { _ in try run.claim(level: 0, limit: 8) }
    var results: [BlockResult] = []
    for (n, claim) in claims.enumerated() {
      for (i, position) in claim.positions.enumerated() where i < 7 {
        let outcome: BlockResult.Outcome = n == 0 ? .failed(code: "e\(i)", message: "m") : i % 2 == 0 ? .done : .empty
        results.append(BlockResult(claim: claim.id, position: position, outcome: outcome))
      }
    }
    try run.record(results)
    #expect(try scene.store.job(job).counts == BlockCounts(total: 64, done: 28, empty: 21, failed: 7, running: 8))
    #expect(try scene.store.failures(of: job).count == 7)
    #expect(try scene.store.integrityCheck() == [])
  }

  @Test func aBlockOutsideItsClaimUndoesTheWholeCall() throws {
    let scene = try Scene()
    let job = try scene.job([size(4, 4, 4)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    let claim = try #require(try run.claim(level: 0, limit: 4).first)
    let good = BlockResult(claim: claim.id, position: claim.positions[0], outcome: .done)
    for bad in [place(3, 3, 3), place(9, 0, 0), claim.positions[0]] {
      #expect(throws: JobStoreError.self) {
        try run.record([good, BlockResult(claim: claim.id, position: bad, outcome: .done)])
      }
    }
    #expect(try scene.store.job(job).counts == BlockCounts(total: 64, running: 4))
    try run.record([good])
    #expect(throws: JobStoreError.self) { try run.record([good]) }
    #expect(try scene.store.job(job).counts.done == 1)
  }

  @Test func lostClaimsDoNotTakeOthersWithThem() throws {
    let scene = try Scene()
    let job = try scene.job([size(4, 4, 4)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    let b = try #require(try run.claim(level: 0, limit: 4).first)
    // one that is not there any more
    let a = Claim(id: b.id + 1000, level: 0, positions: [place(3, 3, 3)])
    let results = [a, b].flatMap { claim in
      claim.positions.map { BlockResult(claim: claim.id, position: $0, outcome: .done) }
    }
    #expect(throws: JobStoreError.claimLost([a.id])) { try run.record(results) }
    #expect(try scene.store.job(job).counts == BlockCounts(total: 64, done: 4))
    let other = try scene.reopened().beginRun(job: job, join: true, info: .sample(2))
    let c = try #require(try run.claim(level: 0, limit: 4).first)
    #expect(throws: JobStoreError.claimLost([c.id])) {
      try other.record([BlockResult(claim: c.id, position: c.positions[0], outcome: .done)])
    }
  }

  @Test func failuresAreCountedAndKept() throws {
    let scene = try Scene()
    let job = try scene.job([size(1, 1, 1)])
    let block = BlockID(level: 0, position: .zero)
    for attempt in 1...3 {
      let run = try scene.store.beginRun(job: job, info: .sample())
      #expect(try run.work(level: 0, limit: 1, .failed(code: "chunk-damaged", message: "attempt \(attempt)")) == 1)
      #expect(try run.claim(level: 0, limit: 1) == [])
      try run.end(.finished)
      let failure = try #require(try scene.store.failures(of: job).first)
      #expect(failure.block == block && failure.code == "chunk-damaged" && failure.message == "attempt \(attempt)")
      #expect(failure.attempts == attempt && failure.isFailed)
      #expect(try scene.store.state(of: job, block: block) == .failed)
      #expect(try scene.store.retry(job) == 1)
      #expect(try scene.store.retry(job) == 0)
      #expect(try scene.store.state(of: job, block: block) == .pending)
    }
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 1)
    #expect(try scene.store.failures(of: job).isEmpty)
    #expect(try scene.store.failures(of: job, all: true).map(\.attempts) == [3])
    #expect(try scene.store.failure(of: job, block: block)?.isFailed == false)
    let entry = try #require(try scene.store.allBlocks(of: job).first)
    #expect(entry.state == .done && entry.failure?.attempts == 3)
  }

  @Test func bricksSettleInBulkUnlessTouched() throws {
    let scene = try Scene()
    let job = try scene.job([size(32, 32, 40)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 1)
    let bricks = try run.nextBricks(level: 0, limit: 100)
    #expect(bricks.count == 11)
    #expect(
      bricks.first
        == BrickRegion(id: 1, t: 0..<1, c: 0..<1, blocks: Box3(lower: Index3(0, 0, 16), upper: Index3(16, 16, 32))))
    #expect(bricks[1].blocks == Box3(lower: Index3(0, 0, 32), upper: Index3(16, 16, 40)))
    #expect(try run.nextBricks(level: 0, limit: 2) == Array(bricks[0..<2]))
    #expect(try run.nextBricks(level: 0, after: 2, limit: 2) == Array(bricks[2..<4]))
    #expect(try run.nextBricks(level: 0, after: 11, limit: 2) == [])
    let settled = try run.settleEmpty(level: 0, bricks: [0, 1, 2, 5, 11])
    #expect(settled == 4096 + 2048 + 2048 + 2048)
    #expect(try run.settleEmpty(level: 0, bricks: [0, 1, 2, 5, 11]) == 0)
    #expect(try run.nextBricks(level: 0, limit: 100).map(\.id) == [3, 4, 6, 7, 8, 9, 10])
    #expect(try scene.store.job(job).counts == BlockCounts(total: 40960, done: 1, empty: settled))
    #expect(throws: JobStoreError.self) { _ = try run.settleEmpty(level: 0, bricks: [12]) }
    var rest = 0
    while true {
      let count = try run.work(level: 0, limit: 5000)
      if count == 0 { break }
      rest += count
    }
    #expect(rest == 40960 - settled - 1)
    #expect(try run.end(.finished) == .complete)
    #expect(try scene.store.integrityCheck() == [])
  }

  @Test func statesOfABoxAreReadAcrossBricks() throws {
    let scene = try Scene()
    let job = try scene.job([size(4, 40, 40)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    var model: [TCZYX: BlockState] = [:]
    for turn in 0..<50 {
      let outcome: BlockResult.Outcome = [.done, .empty, .failed(code: "c", message: "m")][turn % 3]
      for claim in try run.claim(level: 0, limit: 100) {
        for (i, position) in claim.positions.enumerated() {
          model[position] = .running
          if i % 7 == 0 { continue }
          try run.record([BlockResult(claim: claim.id, position: position, outcome: outcome)])
          model[position] = [.done, .empty, .failed][turn % 3]
        }
      }
    }
    let box = Box3(lower: Index3(1, 20, 9), upper: Index3(4, 39, 40))
    var expected: [BlockState] = []
    for z in 1..<4 {
      for y in 20..<39 {
        for x in 9..<40 { expected.append(model[place(z, y, x)] ?? .pending) }
      }
    }
    #expect(Set(expected).count == 5)
    #expect(try run.states(level: 0, t: 0, c: 0, blocks: box) == expected)
    #expect(try scene.store.states(of: job, level: 0, t: 0, c: 0, blocks: box) == expected)
    #expect(throws: JobStoreError.self) {
      _ = try run.states(level: 0, t: 0, c: 0, blocks: Box3(lower: Index3(0, 0, 0), upper: Index3(5, 1, 1)))
    }
    #expect(throws: JobStoreError.self) {
      _ = try run.states(level: 0, t: 1, c: 0, blocks: Box3(lower: Index3(0, 0, 0), upper: Index3(1, 1, 1)))
    }
  }

  @Test func settledBricksAreRememberedAndNothingElse() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    let box = Box3(shape: Index3(2, 2, 2))
    #expect(try run.states(level: 0, t: 0, c: 0, blocks: box).allSatisfy { $0 == .pending })
    try run.work(level: 0, limit: 7)
    #expect(try run.states(level: 0, t: 0, c: 0, blocks: box).filter(\.isSettled).count == 7)
    try run.work(level: 0, limit: 1, .empty)
    #expect(try run.states(level: 0, t: 0, c: 0, blocks: box).allSatisfy(\.isSettled))
    #expect(throws: JobStoreError.alreadyRunning(job: job, holder: .sample())) {
      _ = try scene.store.setPending(job, blocks: [BlockID(level: 0, position: .zero)])
    }
    #expect(try run.states(level: 0, t: 0, c: 0, blocks: box).filter { $0 == .empty }.count == 1)
  }
}
