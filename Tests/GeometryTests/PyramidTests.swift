import Geometry
import Testing

@Suite struct PyramidTests {
  @Test func axesShrinkWhileTheirHalfIsAbove100() {
    let levels = levelLayouts(
      shape: TCZYX(t: 2, c: 3, z: 24, y: 430, x: 470), chunk: Index3(16, 128, 128), shard: nil, pyramid: true)
    #expect(levels.map(\.shape.zyx) == [Index3(24, 430, 470), Index3(24, 215, 235), Index3(24, 107, 117)])
    #expect(levels.map(\.factor) == [Index3(1, 1, 1), Index3(1, 2, 2), Index3(1, 2, 2)])
    #expect(levels[2].absoluteFactor == Index3(1, 4, 4))
    #expect(levels[2].chunk.zyx == Index3(16, 107, 117))
    // 201 / 2 = 100 is not above 100
    #expect(levelLayouts(shape: TCZYX(z: 1, y: 201, x: 202), chunk: Index3(1, 64, 64), shard: nil, pyramid: true).count == 2)
  }

  @Test func shardsCoverTheAxisInWholeChunks() {
    let levels = levelLayouts(
      shape: TCZYX(z: 100, y: 500, x: 1000), chunk: Index3(64, 64, 64), shard: Index3(256, 256, 256), pyramid: true)
    #expect(levels[0].chunk.zyx == Index3(64, 64, 64))
    #expect(levels[0].shard?.zyx == Index3(128, 256, 256))
    #expect(levels[2].shape.zyx == Index3(100, 125, 250))
    #expect(levels[2].shard?.zyx == Index3(128, 128, 256))
    #expect(levels[2].grid.count.zyx == Index3(1, 1, 1))
  }

  @Test func gridsFindTheBlocksOfABox() {
    let grid = BlockGrid(shape: TCZYX(t: 2, c: 1, z: 10, y: 20, x: 33), block: TCZYX(z: 4, y: 8, x: 16))
    #expect(grid.count == TCZYX(t: 2, c: 1, z: 3, y: 3, x: 3))
    for i in 0..<grid.total { #expect(grid.linearIndex(of: grid.position(at: i)) == i) }
    #expect(grid.box(of: TCZYX(t: 1, c: 0, z: 2, y: 2, x: 2)).shape == Index3(2, 4, 1))
    #expect(grid.blocks(meeting: Box3(lower: Index3(3, 8, 15), upper: Index3(5, 9, 17)))
      == Box3(lower: Index3(0, 1, 0), upper: Index3(2, 2, 2)))
    #expect(grid.blocks(meeting: Box3(lower: Index3(10, 0, 0), upper: Index3(12, 1, 1))).isEmpty)
  }
}
