import Geometry
import JobStore
import Testing

/// The map of blocks agrees with the blocks.
@Suite struct BlockMapTests {
  /// Counts by looking at each block.
  private func expectAgreement(_ scene: Scene, _ job: JobID, _ along: Axis, cells: Int, t: Int? = nil, c: Int? = nil) throws {
    let map = try scene.store.blockMap(of: job, level: 0, along: along, maximumCells: cells, t: t, c: c)
    var counts = [BlockCounts](repeating: BlockCounts(), count: map.rows * map.columns)
    for entry in try scene.store.allBlocks(of: job, BlockFilter(level: 0)) {
      let p = entry.block.position
      guard p.t == t ?? p.t, p.c == c ?? p.c else { continue }
      let i = p[map.rowAxis] / map.cellRows * map.columns + p[map.columnAxis] / map.cellColumns
      counts[i].total += 1
      switch entry.state {
      case .done: counts[i].done += 1
      case .empty: counts[i].empty += 1
      case .failed: counts[i].failed += 1
      case .running: counts[i].running += 1
      case .pending: break
      }
    }
    #expect(map.cells.map(\.counts) == counts)
    for (i, cell) in map.cells.enumerated() {
      #expect((cell.sample != nil) == (cell.counts.done > 0))
      guard let sample = cell.sample else { continue }
      #expect(try scene.store.state(of: job, block: BlockID(level: 0, position: sample)) == .done)
      #expect(sample[map.rowAxis] / map.cellRows * map.columns + sample[map.columnAxis] / map.cellColumns == i)
      #expect(sample.t == t ?? sample.t && sample.c == c ?? sample.c)
    }
  }

  @Test(arguments: [Axis.z, .y, .x]) func countsAreThoseOfTheBlocks(along: Axis) throws {
    let scene = try Scene()
    let job = try scene.job([TCZYX(t: 2, c: 2, z: 5, y: 37, x: 41)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    _ = try run.settleEmpty(level: 0, bricks: [1])
    try run.work(level: 0, limit: 3000)
    try run.work(level: 0, limit: 100, .empty)
    try run.work(level: 0, limit: 40, .failed(code: "x", message: "m"))
    _ = try run.claim(level: 0, limit: 25)
    for cells in [1, 4, 64] {
      try expectAgreement(scene, job, along, cells: cells)
      try expectAgreement(scene, job, along, cells: cells, t: 0, c: 1)
    }
    try run.end(.interrupted)
    // what nobody has in hand any more is pending
    try expectAgreement(scene, job, along, cells: 7)
  }

  /// 270 million blocks: cells are whole bricks, and nothing is looked at one by one.
  @Test func hugeLevels() throws {
    let scene = try Scene()
    let job = try scene.job([TCZYX(t: 1, c: 1, z: 47, y: 2250, x: 2560)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    _ = try run.settleEmpty(level: 0, bricks: Array(100..<900))
    try run.work(level: 0, limit: 10_000)
    let map = try scene.store.blockMap(of: job, level: 0, maximumCells: 64)
    #expect(map.rows <= 64 && map.columns <= 64 && map.rows * map.columns > 1000)
    let sum = map.cells.reduce(BlockCounts()) { $0 + $1.counts }
    #expect(sum == (try scene.store.job(job).counts))
    let sampled = map.cells.compactMap(\.sample)
    #expect(!sampled.isEmpty)
    for position in sampled {
      #expect(try scene.store.state(of: job, block: BlockID(level: 0, position: position)) == .done)
    }
  }

  @Test func whatIsNotThereIsAnError() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    #expect(throws: JobStoreError.self) { try scene.store.blockMap(of: job, level: 1) }
    #expect(throws: JobStoreError.self) { try scene.store.blockMap(of: job, level: 0, along: .c) }
    #expect(throws: JobStoreError.self) { try scene.store.blockMap(of: job, level: 0, t: 1) }
    #expect(throws: JobStoreError.self) { try scene.store.blockMap(of: 7, level: 0) }
  }
}
