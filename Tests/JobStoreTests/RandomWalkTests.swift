import Geometry
import JobStore
import TestSupport
import Testing

/// Random work by several processes that die, fail, retry and repair, against a model of one dictionary.
@Suite struct RandomWalkTests {
  @Test(arguments: 1...8)
  func theStoreAgreesWithTheModel(seed: UInt64) throws {
    // one brick over time points and channels; levels with remainders; no pyramid; several bricks
    let grids = [
      [TCZYX(t: 5, c: 2, z: 3, y: 5, x: 4), TCZYX(t: 5, c: 2, z: 1, y: 2, x: 2)],
      [TCZYX(t: 2, c: 1, z: 4, y: 7, x: 9), TCZYX(t: 2, c: 1, z: 2, y: 3, x: 4), TCZYX(t: 2, c: 1, z: 1, y: 1, x: 2)],
      [TCZYX(t: 3, c: 1, z: 1, y: 6, x: 10)],
      [TCZYX(t: 1, c: 1, z: 1, y: 65, x: 66), TCZYX(t: 1, c: 1, z: 1, y: 32, x: 33)],
    ][Int(seed % 4)]
    var walk = try Walk(grids, seed: seed)
    let isLarge = grids[0].product > 1000
    for step in 0..<(isLarge ? 60 : 200) {
      try walk.step()
      if step % (isLarge ? 15 : 5) == 0 { try walk.compare() }
    }
    try walk.finish()
  }

  private struct Holder {
    let run: Run
    var claims: [Claim] = []
  }

  private struct Walk {
    let scene: Scene
    let job: JobID
    var random: SeededRandom
    var holders: [Holder] = []
    var model: [BlockID: BlockState] = [:]
    let levels: [LevelLayout]

    init(_ grids: [TCZYX], seed: UInt64) throws {
      scene = try Scene()
      job = try scene.job(grids)
      levels = layouts(grids)
      random = SeededRandom(seed)
      for layout in levels {
        for i in 0..<layout.grid.total {
          model[BlockID(level: layout.level, position: layout.grid.position(at: i))] = .pending
        }
      }
    }

    mutating func step() throws {
      switch Int.random(in: 0..<100, using: &random) {
      case ..<10 where holders.count < 3:
        holders.append(Holder(run: try scene.reopened().beginRun(job: job, join: true, info: .sample())))
      case ..<35: try claim()
      case ..<80: try record()
      case ..<86: die()
      case ..<90: try endOne()
      case ..<94: try retry()
      case ..<97: try repair()
      default: try settle()
      }
    }

    private mutating func pick() -> Int? {
      holders.isEmpty ? nil : Int.random(in: 0..<holders.count, using: &random)
    }

    private mutating func claim() throws {
      guard let i = pick() else { return }
      let level = Int.random(in: 0..<levels.count, using: &random)
      let limit = Int.random(in: 1...(Bool.random(using: &random) ? 5 : 3000), using: &random)
      let claims = try holders[i].run.claim(level: level, limit: limit)
      for claim in claims {
        for position in claim.positions {
          let block = BlockID(level: level, position: position)
          #expect(model[block] == .pending)
          #expect(isReady(block))
          model[block] = .running
        }
      }
      let count = claims.reduce(0) { $0 + $1.positions.count }
      #expect(count <= limit)
      if count < limit {
        let missed = model.filter { $0.key.level == level && $0.value == .pending && isReady($0.key) }
        #expect(missed.isEmpty)
      }
      holders[i].claims += claims
    }

    private func isReady(_ block: BlockID) -> Bool {
      if block.level == 0 { return true }
      let (level, below) = (levels[block.level], levels[block.level - 1])
      let box = level.grid.box(of: block.position)
      let source = below.grid.blocks(
        meeting: Box3(lower: box.lower &* level.factor, upper: box.upper &* level.factor))
      for z in source.lower[0]..<source.upper[0] {
        for y in source.lower[1]..<source.upper[1] {
          for x in source.lower[2]..<source.upper[2] {
            let p = TCZYX(t: block.position.t, c: block.position.c, z: z, y: y, x: x)
            if model[BlockID(level: block.level - 1, position: p)]?.isSettled != true { return false }
          }
        }
      }
      return true
    }

    private mutating func record() throws {
      guard let i = pick() else { return }
      var results: [BlockResult] = []
      var rest: [Claim] = []
      for claim in holders[i].claims {
        var kept: [TCZYX] = []
        for position in claim.positions {
          let block = BlockID(level: claim.level, position: position)
          switch Int.random(in: 0..<10, using: &random) {
          case ..<2: kept.append(position)
          case ..<7:
            results.append(BlockResult(claim: claim.id, position: position, outcome: .done))
            model[block] = .done
          case ..<9:
            results.append(BlockResult(claim: claim.id, position: position, outcome: .empty))
            model[block] = .empty
          default:
            results.append(BlockResult(claim: claim.id, position: position, outcome: .failed(code: "c", message: "m")))
            model[block] = .failed
          }
        }
        if !kept.isEmpty { rest.append(Claim(id: claim.id, level: claim.level, positions: kept)) }
      }
      results.shuffle(using: &random)
      try holders[i].run.record(results)
      holders[i].claims = rest
    }

    private mutating func free(_ claims: [Claim]) {
      for claim in claims {
        for position in claim.positions { model[BlockID(level: claim.level, position: position)] = .pending }
      }
    }

    private mutating func die() {
      guard let i = pick() else { return }
      free(holders.remove(at: i).claims)
    }

    private mutating func endOne() throws {
      guard let i = pick() else { return }
      let holder = holders.remove(at: i)
      try holder.run.end(.interrupted)
      free(holder.claims)
    }

    private mutating func retry() throws {
      let failed = model.filter { $0.value == .failed }.keys
      #expect(try scene.store.retry(job) == failed.count)
      for block in failed { model[block] = .pending }
    }

    private mutating func repair() throws {
      while !holders.isEmpty { die() }
      let settled = model.filter { $0.value != .pending }.keys.sorted { $0.description < $1.description }
      let blocks = settled.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
      // with those above them
      var all = Set(blocks)
      for block in blocks {
        for level in block.level + 1..<max(levels.count, block.level + 1) {
          let grid = levels[level].grid
          for i in 0..<grid.total where grid.position(at: i).t == block.position.t {
            all.insert(BlockID(level: level, position: grid.position(at: i)))
          }
        }
      }
      let changed = all.filter { model[$0] != .pending }.count
      #expect(try scene.store.setPending(job, blocks: Array(all)) == changed)
      for block in all { model[block] = .pending }
    }

    private mutating func settle() throws {
      guard let i = pick() else { return }
      for brick in try holders[i].run.nextBricks(level: 0, limit: 1) {
        var count = 0
        for t in brick.t {
          for c in brick.c {
            for z in brick.blocks.lower[0]..<brick.blocks.upper[0] {
              for y in brick.blocks.lower[1]..<brick.blocks.upper[1] {
                for x in brick.blocks.lower[2]..<brick.blocks.upper[2] {
                  let block = BlockID(level: 0, position: TCZYX(t: t, c: c, z: z, y: y, x: x))
                  #expect(model[block] == .pending)
                  model[block] = .empty
                  count += 1
                }
              }
            }
          }
        }
        #expect(try holders[i].run.settleEmpty(level: 0, bricks: [brick.id]) == count)
      }
    }

    func compare() throws {
      let entries = try scene.store.allBlocks(of: job)
      #expect(entries.count == model.count)
      #expect(entries.allSatisfy { model[$0.block] == $0.state })
      for level in try scene.store.levels(of: job) {
        let states = model.filter { $0.key.level == level.layout.level }.values
        let counts = BlockCounts(
          total: states.count, done: states.count { $0 == .done }, empty: states.count { $0 == .empty },
          failed: states.count { $0 == .failed }, running: states.count { $0 == .running })
        #expect(level.counts == counts)
      }
      #expect(try scene.store.job(job).state != .running || !holders.isEmpty)
      #expect(try scene.store.integrityCheck() == [])
    }

    /// Whatever happened, one more run finishes the job.
    mutating func finish() throws {
      while !holders.isEmpty { die() }
      try retry()
      let run = try scene.store.beginRun(job: job, info: .sample())
      var count = 0
      for level in levels.indices {
        while true {
          let n = try run.work(level: level, limit: 1000)
          if n == 0 { break }
          count += n
        }
      }
      #expect(count == model.values.count { !$0.isSettled })
      #expect(try run.end(.finished) == .complete)
      #expect(try scene.store.integrityCheck() == [])
    }
  }
}
