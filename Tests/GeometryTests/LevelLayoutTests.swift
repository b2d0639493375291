import Geometry
import Testing

@Suite struct LevelLayoutTests {
  @Test func axesShrinkWhileTheirHalfIsAbove100() {
    let levels = levelLayouts(
      shape: TCZYX(t: 2, c: 3, z: 24, y: 430, x: 470), chunk: Index3(16, 128, 128), shard: nil, pyramid: Pyramid())
    #expect(levels.map(\.shape.zyx) == [Index3(24, 430, 470), Index3(24, 215, 235), Index3(24, 107, 117)])
    #expect(levels.map(\.factor) == [Index3(1, 1, 1), Index3(1, 2, 2), Index3(1, 2, 2)])
    #expect(levels[2].absoluteFactor == Index3(1, 4, 4))
    #expect(levels[2].chunk.zyx == Index3(16, 107, 117))
    // 201 / 2 = 100 is not above 100
    #expect(levelLayouts(shape: TCZYX(z: 1, y: 201, x: 202), chunk: Index3(1, 64, 64), shard: nil, pyramid: Pyramid()).count == 2)
  }

  private func factors(_ shape: Index3, _ pyramid: Pyramid) -> [Index3] {
    levelLayouts(shape: TCZYX(zyx: shape), chunk: Index3(16, 16, 16), shard: nil, pyramid: pyramid).map(\.absoluteFactor)
  }

  /// Planes four times as far apart as pixels: y and x are halved twice, then all three.
  @Test func spacingsBecomeEqualAndThenGrowTogether() {
    let pyramid = Pyramid(.isotropic(spacing: Vector3(4, 1, 1)), minimumLength: 16)
    #expect(
      factors(Index3(100, 2000, 2000), pyramid)
        == [
          Index3(1, 1, 1), Index3(1, 2, 2), Index3(1, 4, 4), Index3(2, 8, 8), Index3(4, 16, 16), Index3(4, 32, 32),
          Index3(4, 64, 64),
        ])
    // 3 is nearer to 4 than to 2: y and x are halved once more, then all
    let uneven = Pyramid(.isotropic(spacing: Vector3(3, 1, 1)), minimumLength: 16)
    #expect(factors(Index3(100, 300, 300), uneven) == [1, 2, 4, 8, 16].map { Index3($0 > 4 ? $0 / 4 : 1, $0, $0) })
    #expect(
      factors(Index3(300, 300, 300), Pyramid(.isotropic(spacing: Vector3(1, 1, 1.3))))
        == factors(Index3(300, 300, 300), Pyramid()))
    // x is too short to be halved: it holds up nobody
    #expect(factors(Index3(1, 900, 60), Pyramid(.isotropic(spacing: Vector3(1, 2, 1)))) == [1, 2, 4, 8].map { Index3(1, $0, 1) })
  }

  /// However coarse the axes are to begin with, no step of an axis that is long enough leads away from the others.
  @Test(arguments: 0..<200)
  func isotropicLevelsNeverBecomeMoreUneven(seed: UInt64) {
    var random = Numbers(state: seed)
    func spacing() -> Double { Double(random.next(10...400)) / 100 }
    let first = Vector3(spacing(), spacing(), spacing())
    let stretches = factors(Index3(repeating: 1 << 20), Pyramid(.isotropic(spacing: first), levelLimit: 9)).map { factor in
      (first * Vector3(factor)).max() / (first * Vector3(factor)).min()
    }
    for (before, after) in zip(stretches, stretches.dropFirst()) { #expect(after <= before * (1 + 1e-9), "\(first)") }
    // three axes that lie a third of a doubling apart stay as they are
    #expect(stretches[9] <= 1.5875)
  }

  @Test func levelsByTheirNumberAndByTheirFactors() {
    #expect(factors(Index3(24, 430, 470), Pyramid(levelLimit: 1)).count == 2)
    #expect(factors(Index3(24, 430, 470), Pyramid(levelLimit: 7)).count == 3)
    #expect(factors(Index3(24, 430, 470), .none).count == 1)
    #expect(factors(Index3(24, 430, 470), Pyramid(minimumLength: 11)).last == Index3(2, 32, 32))
    let given = [Index3(1, 3, 3), Index3(2, 12, 6)]
    let levels = levelLayouts(
      shape: TCZYX(t: 2, c: 1, z: 5, y: 40, x: 31), chunk: Index3(4, 16, 16), shard: nil, pyramid: Pyramid(.factors(given)))
    #expect(levels.map(\.absoluteFactor) == [Index3(1, 1, 1)] + given)
    #expect(levels.map(\.factor) == [Index3(1, 1, 1), Index3(1, 3, 3), Index3(2, 4, 2)])
    #expect(levels.map(\.shape.zyx) == [Index3(5, 40, 31), Index3(5, 13, 10), Index3(2, 3, 5)])
  }

  @Test func shardsCoverTheAxisInWholeChunks() {
    let levels = levelLayouts(
      shape: TCZYX(z: 100, y: 500, x: 1000), chunk: Index3(64, 64, 64), shard: Index3(256, 256, 256), pyramid: Pyramid())
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
    #expect(
      grid.blocks(meeting: Box3(lower: Index3(3, 8, 15), upper: Index3(5, 9, 17)))
        == Box3(lower: Index3(0, 1, 0), upper: Index3(2, 2, 2)))
    #expect(grid.blocks(meeting: Box3(lower: Index3(10, 0, 0), upper: Index3(12, 1, 1))).isEmpty)
  }

  /// The law spelt out voxel by voxel.
  @Test func blocksRestOnThoseWhoseVoxelsTheyAverage() {
    let below = layout(0, shape: Index3(5, 9, 8), block: Index3(2, 4, 3), factor: Index3(1, 1, 1))
    let above = layout(1, shape: Index3(5, 4, 4), block: Index3(3, 3, 2), factor: Index3(1, 2, 2))
    for block in Box3(shape: above.grid.count.zyx).positions.map({ TCZYX(t: 0, c: 0, zyx: $0) }) {
      var expected: Set<Index3> = []
      for voxel in above.grid.box(of: block).positions {
        for source in Box3(lower: voxel &* above.factor, upper: (voxel &+ 1) &* above.factor).positions {
          expected.insert(source / below.grid.block.zyx)
        }
      }
      #expect(Set(above.sourceBlocks(of: block, in: below).positions) == expected)
    }
    // the last row of voxels is a remainder: nothing is made from a block that has no other
    #expect(above.blocks(madeFrom: TCZYX(t: 0, c: 0, z: 0, y: 2, x: 0), in: below).isEmpty)
  }

  /// A block rests on another if and only if the other is one of those that it is made from.
  @Test(arguments: 0..<200)
  func upAndDownAreInverse(seed: UInt64) {
    var random = Numbers(state: seed)
    let shape = Index3(random.next(1...40), random.next(1...40), random.next(1...40))
    let factor = Index3(random.next(1...min(5, shape[0])), random.next(1...min(5, shape[1])), random.next(1...min(5, shape[2])))
    func block() -> Index3 { Index3(random.next(1...9), random.next(1...9), random.next(1...9)) }
    let below = layout(3, shape: shape, block: block(), factor: Index3(repeating: 1))
    let above = layout(4, shape: shape / factor, block: block(), factor: factor)
    var down: Set<[Index3]> = []
    for position in Box3(shape: above.grid.count.zyx).positions {
      let sources = above.sourceBlocks(of: TCZYX(t: 0, c: 0, zyx: position), in: below)
      #expect(!sources.isEmpty && Box3(shape: below.grid.count.zyx).contains(sources))
      for source in sources.positions { down.insert([position, source]) }
    }
    var up: Set<[Index3]> = []
    for source in Box3(shape: below.grid.count.zyx).positions {
      let made = above.blocks(madeFrom: TCZYX(t: 0, c: 0, zyx: source), in: below)
      #expect(Box3(shape: above.grid.count.zyx).contains(made))
      for position in made.positions { up.insert([position, source]) }
    }
    #expect(up == down)
  }

  private func layout(_ level: Int, shape: Index3, block: Index3, factor: Index3) -> LevelLayout {
    LevelLayout(
      level: level, shape: TCZYX(zyx: shape), chunk: TCZYX(zyx: block), shard: nil, factor: factor,
      absoluteFactor: factor)
  }
}

/// Numbers that a seed repeats (SplitMix64).
private struct Numbers {
  var state: UInt64

  mutating func next(_ range: ClosedRange<Int>) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return range.lowerBound + Int((z ^ (z >> 31)) % UInt64(range.count))
  }
}
