import Engine
import Geometry
import Planning
import Testing

@Suite struct PyramidStepTests {
  /// The parts of every chunk above cover it once, and each lies in one chunk below where the step has cells.
  @Test(arguments: [
    (TCZYX(t: 1, c: 1, z: 128, y: 973, x: 973), Index3(128, 128, 128), true),
    (TCZYX(t: 1, c: 1, z: 1, y: 300, x: 257), Index3(1, 64, 128), true),
    (TCZYX(t: 1, c: 1, z: 40, y: 300, x: 129), Index3(19, 128, 128), true),
    (TCZYX(t: 1, c: 1, z: 40, y: 300, x: 129), Index3(19, 33, 128), false),
    (TCZYX(t: 1, c: 1, z: 7, y: 210, x: 205), Index3(1, 1, 1), false),
  ])
  func partsCoverEachChunkOnce(shape: TCZYX, chunk: Index3, hasCells: Bool) throws {
    try check(levelLayouts(shape: shape, chunk: chunk, shard: nil, pyramid: Pyramid()), hasCells: hasCells)
  }

  /// With other factors than two, and with windows so large that a plane of a chunk is made of more than a part may read.
  @Test(arguments: [
    (Index3(2, 4, 4), Index3(16, 64, 64), true), (Index3(1, 3, 3), Index3(16, 64, 64), false),
    (Index3(16, 16, 16), Index3(32, 256, 256), true), (Index3(16, 16, 16), Index3(8, 100, 1000), false),
  ])
  func partsOfOtherFactors(factor: Index3, chunk: Index3, hasCells: Bool) throws {
    let levels = levelLayouts(
      shape: TCZYX(t: 1, c: 1, z: 35, y: 1700, x: 3300), chunk: chunk, shard: nil, pyramid: Pyramid(.factors([factor])))
    try check(levels, hasCells: hasCells)
  }

  private func check(_ levels: [LevelLayout], hasCells: Bool) throws {
    try #require(levels.count > 1)
    let shape = levels[0].shape
    let step = PyramidStep(from: levels[0], to: levels[1], elementByteCount: 2)
    #expect((step.cell != nil) == hasCells)
    let above = BlockGrid(shape: levels[1].shape, block: levels[1].chunk)
    let below = BlockGrid(shape: levels[0].shape, block: levels[0].chunk)
    for i in 0..<above.total {
      let box = above.box(of: above.position(at: i))
      let parts = step.parts(of: box)
      #expect(parts.reduce(0) { $0 + $1.count } == box.count)
      for (k, part) in parts.enumerated() {
        #expect(!part.isEmpty && box.contains(part))
        #expect(Box3(shape: shape.zyx).contains(step.source(of: part)))
        if !hasCells { #expect(part.shape[1] == 1 || step.source(of: part).count * 2 <= MemoryPlan.pyramidPatchByteLimit) }
        if hasCells { #expect(below.blocks(meeting: step.source(of: part)).count == 1) }
        for other in parts[..<k] { #expect(!part.intersects(other)) }
      }
    }
  }
}
