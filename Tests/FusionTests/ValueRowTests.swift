import Fusion
import Geometry
import Testing

@Suite struct ValueRowTests {
  private func integers(_ bytes: [UInt8]) -> [UInt64] {
    bytes.withUnsafeBytes { raw in
      (0..<(bytes.count / 8)).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
    }
  }

  @Test func integersOf64BitsAreCopiedExactly() throws {
    let big: [UInt64] = [.max, .max - 1, (1 << 53) + 1, (1 << 60) + 3, 9_007_199_254_740_993, 7, 1 << 63, 12345]
    let shape = Index3(1, 2, 4)
    // a copy, nearest under a rotation, and a scale of 2 along x that meets voxels and places between
    let identity = AffineMap.identity.rows
    let tilted = [Vector3(1, 0, 0), Vector3(0, 1, 0.01), Vector3(0, -0.01, 1)]
    for (rows, order) in [(identity, 1), (tilted, 0)] {
      let view = twinView(
        id: 0, big, shape: shape, type: .uint64,
        map: PixelMap(
          rows: rows,
          offset: Vector3(0, 0.001, 0.011)
            * (order == 0 ? 1 : 0)), number: { Double($0) })
      let recipe = try FusionRecipe(interpolationOrder: order, outputType: .uint64, context: context(shape))
      let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: Index3(1, 1, 3))
      let out = integers(bytes)
      for i in 0..<8 {
        let p = view.placed.map(Vector3(0, Double(i / 4), Double(i % 4)))
        if (0..<3).allSatisfy({ p[$0] >= 0 && p[$0] <= Double(shape[$0] - 1) }) { #expect(out[i] == big[i], "\(i)") }
      }
      #expect(Array(out[0..<3]) == Array(big[0..<3]))
    }
    let halved = PixelMap(rows: [identity[0], identity[1], Vector3(0, 0, 0.5)], offset: .zero)
    let view = twinView(id: 0, big, shape: shape, type: .uint64, map: halved, number: { Double($0) })
    let recipe = try FusionRecipe(outputType: .uint64, context: context(Index3(1, 2, 7)))
    let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: Index3(1, 2, 7))
    let out = integers(bytes)
    for x in 0..<4 { #expect(out[2 * x] == big[x] && out[7 + 2 * x] == big[4 + x]) }
    #expect(out[1] == .max)
  }

  @Test func maximumComparesIntegersOf64BitsExactly() throws {
    let a: [UInt64] = [(1 << 53) + 1, .max - 1, 1 << 60, 5]
    let b: [UInt64] = [1 << 53, .max, (1 << 60) + 1, 4]
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    for (first, second) in [(a, b), (b, a)] {
      let views = [first, second].enumerated().map {
        twinView(
          id: $0.offset, $0.element, shape: Index3(1, 1, 4), type: .uint64, map: map, number: { Double($0) })
      }
      for (function, expected) in [
        ("max_fusion", zip(a, b).map { max($0, $1) }), ("min_fusion", zip(a, b).map { min($0, $1) }), ("first_view_wins", first),
        ("last_view_wins", second), ("closest_view_wins", first),
      ] {
        let recipe = try FusionRecipe(function: function, outputType: .uint64, context: context(Index3(1, 1, 4)))
        let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(1, 1, 4))
        #expect(bytes == expected.withUnsafeBytes { Array($0) }, "\(function)")
      }
    }
  }

  /// The middle one of three is that very integer; a row of values is the median of those that are there.
  @Test func theMedianIsTheMiddleOne() throws {
    let columns: [[UInt64]] = [[(1 << 53) + 1, 7, .max], [1 << 53, 9, 0], [(1 << 53) + 2, 8, .max - 1]]
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
      let views = order.enumerated().map {
        twinView(id: $0.offset, columns[$0.element], shape: Index3(1, 1, 3), type: .uint64, map: map, number: { Double($0) })
      }
      let recipe = try FusionRecipe(function: "median_fusion", outputType: .uint64, context: context(Index3(1, 1, 3)))
      let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(1, 1, 3))
      let expected: [UInt64] = [(1 << 53) + 1, 8, .max - 1]
      #expect(bytes == expected.withUnsafeBytes { Array($0) }, "\(order)")
    }
    let nan = Float.nan
    // what no view has, and the mean of both infinities, is 0
    let table: [([Float], Float)] = [
      ([4, 1, 3, 2], 2.5), ([nan, 5, nan, 1], 3), ([nan, nan, 6, nan], 6), ([3e38, 3.2e38, nan, nan], 3.1e38),
      ([-.infinity, 2, .infinity, 1], 1.5), ([-.infinity, nan, nan, -.infinity], -.infinity), ([nan, nan, nan, nan], 0),
      ([-.infinity, .infinity, nan, nan], 0), ([9, 9, 1, nan], 9),
    ]
    let shape = Index3(1, 1, table.count)
    let views = (0..<4).map { view in
      twinView(id: view, table.map { $0.0[view] }, shape: shape, type: .float32, map: map, number: { Double($0) })
    }
    let recipe = try FusionRecipe(function: "median_fusion", outputType: .float32, inputTypes: [.float32], context: context(shape))
    let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: shape)
    let found = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    for (value, (values, expected)) in zip(found, table) {
      #expect(value == expected || abs(value - expected) < 1e-6 * abs(expected), "\(values): \(value)")
    }
  }

  @Test func anInfiniteVoxelSpoilsOnlyItsNeighbourhood() throws {
    var voxels = [Float](repeating: 3, count: 4 * 6)
    voxels[9] = .infinity
    let map = PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0, 0))
    let view = twinView(id: 0, voxels, shape: Index3(1, 4, 6), type: .float32, map: map, number: { Double($0) })
    let recipe = try FusionRecipe(outputType: .uint8, inputTypes: [.float32], context: context(Index3(1, 4, 6)))
    let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: Index3(1, 4, 6))
    #expect(bytes == (0..<24).map { $0 == 9 ? 255 : 3 })
  }
}
