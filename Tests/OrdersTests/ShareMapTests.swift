import Geometry
import JobStore
import Orders
import Testing

@Suite struct ShareMapTests {
  private func costs(_ layout: BrickLayout, cells: Int, seed: UInt64) -> [(brick: Int, costs: [UInt32])] {
    var state = seed
    func random(_ n: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % n
    }
    return (0..<layout.count).compactMap { brick in
      if random(3) == 0 { return nil }
      let count = min(cells, layout.extent(brick).product)
      return (brick, (0..<count).map { _ in random(4) == 0 ? 0 : UInt32(random(1000)) })
    }
  }

  @Test(arguments: [1, 2, 3, 8, 100, 5000])
  func everyBlockIsInExactlyOneShare(count: Int) {
    for (grid, cells) in [(TCZYX(z: 5, y: 6, x: 7), 4096), (TCZYX(t: 2, c: 3, z: 20, y: 33, x: 40), 64), (.one, 1)] {
      let layout = BrickLayout(grid: grid)
      let map = ShareMap(layout, costs: costs(layout, cells: cells, seed: UInt64(count)), count: count)
      #expect(map.count == count)
      #expect((0..<count).reduce(0) { $0 + map.blockCount(of: $1) } == grid.product)
      for brick in 0..<layout.count {
        var next = 0
        let shares = map.shares(of: brick)
        for share in shares where !map.ranks(of: share, brick: brick).isEmpty {
          #expect(map.ranks(of: share, brick: brick).lowerBound == next)
          #expect(map.bricks(of: share).contains(brick))
          next = map.ranks(of: share, brick: brick).upperBound
        }
        #expect(next == layout.extent(brick).product)
      }
    }
  }

  @Test func sharesCostTheSame() {
    let layout = BrickLayout(grid: TCZYX(z: 40, y: 40, x: 40))
    let all = costs(layout, cells: 4096, seed: 3)
    let map = ShareMap(layout, costs: all, count: 16)
    let byBrick = Dictionary(uniqueKeysWithValues: all)
    let sums = (0..<16).map { share in
      map.bricks(of: share).reduce(0) { sum, brick in
        sum + map.ranks(of: share, brick: brick).reduce(0) { $0 + Int(byBrick[brick]?[$1] ?? 0) }
      }
    }
    let mean = sums.reduce(0, +) / 16
    #expect(sums.allSatisfy { abs($0 - mean) <= 1000 + layout.count }, "\(sums)")
  }
}
