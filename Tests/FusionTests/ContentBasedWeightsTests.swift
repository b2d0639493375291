import Fusion
import Geometry
import Testing

@Suite struct ContentBasedWeightsTests {
  private let volume = Index3(5, 9, 14)

  private func views(_ kind: MapKind, nanShare: Double, seed: UInt64, shape: Index3) -> [TwinView] {
    var g = SeededGenerator(seed: seed)
    return (0..<3).map {
      randomView(
        id: $0, type: .float32, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g),
        nanShare: nanShare, using: &g)
    }
  }

  private func recipe(_ sigma1: Double, _ sigma2: Double, blendsZ: Bool = true) throws -> FusionRecipe {
    try FusionRecipe(
      weights: "content_based",
      weightsArguments: FunctionArguments(["sigma_1": .number(sigma1), "sigma_2": .number(sigma2)]),
      blendingWidths: Vector3(2, 3, 3), outputType: .float32, context: context(volume, blendsZ: blendsZ))
  }

  @Test(arguments: [MapKind.shift, .general])
  func equalsTheDefinition(_ kind: MapKind) throws {
    for (seed, nanShare, blendsZ) in [(0 as UInt64, 0.0, true), (1, 0.1, true), (2, 0.1, false)] {
      let views = views(kind, nanShare: nanShare, seed: seed, shape: Index3(4, 8, 12))
      let recipe = try recipe(0.5, 0.8, blendsZ: blendsZ)
      #expect(recipe.halo == Index3(blendsZ ? 5 : 0, 5, 5))
      let fused = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume), .float32)
      let twin = TwinFuser(widths: Vector3(2, 3, 3), blendsZ: blendsZ)
      let expected = TwinContentFuser(sigma1: 0.5, sigma2: 0.8, volume: volume, twin: twin).fuse(views)
      for i in 0..<fused.count { #expect((fused[i] - (expected[i] ?? 0)).magnitude < 0.05, "\(i) \(seed)") }
      #expect(expected.contains { ($0 ?? 0) != 0 })
    }
  }

  @Test func voxelsBeyondTheOutputCount() throws {
    // the output is a small window into both views
    var g = SeededGenerator(seed: 4)
    let window = Index3(2, 3, 4)
    let views = (0..<2).map {
      randomView(
        id: $0, type: .float32, shape: Index3(9, 10, 12),
        map: PixelMap(rows: AffineMap.identity.rows, offset: Vector3(3.5, 4, 3 + Double($0))), using: &g)
    }
    let recipe = try FusionRecipe(
      weights: "content_based",
      weightsArguments: FunctionArguments(["sigma_1": .number(0.5), "sigma_2": .number(0.8)]), outputType: .float32,
      context: context(window))
    let fused = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: window), .float32)
    let expected = TwinContentFuser(sigma1: 0.5, sigma2: 0.8, volume: window, twin: TwinFuser()).fuse(views)
    for i in 0..<fused.count { #expect((fused[i] - (expected[i] ?? 0)).magnitude < 0.05) }
    #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(1, 2, 3)).count == 96)
  }

  /// Resampled copies of whole views, each weighed everywhere, give the very same voxels.
  @Test(arguments: MapKind.allCases) func wholeArraysGiveWhatRowsGive(_ kind: MapKind) throws {
    var found = 0
    for (seed, type, nanShare, blendsZ) in [
      (0 as UInt64, ElementType.uint16, 0.0, true), (1, .uint16, 0, false), (2, .float32, 0.05, true),
      (3, .uint32, 0, true), (4, .float64, 0.02, false),
    ] {
      var g = SeededGenerator(seed: seed)
      let shape = Index3(6, 11, 15)
      let views = (0..<4).map {
        randomView(
          id: $0, type: type, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g),
          nanShare: nanShare, using: &g)
      }
      for widths in [Vector3(2, 3, 3), Vector3(2000, 3000, 4000)] {
        func fuser(_ function: String) throws -> BlockFuser {
          let recipe = try FusionRecipe(
            function: function, weights: "content_based",
            weightsArguments: FunctionArguments(["sigma_1": .number(0.6), "sigma_2": .number(0.9)]),
            blendingWidths: widths, outputType: type, context: context(volume, blendsZ: blendsZ),
            registry: registryWithArrays())
          return BlockFuser(recipe: recipe)
        }
        let average = "weighted_average_fusion"
        let rows = try fuseInBlocks(fuser(average), views, block: Index3(3, 5, 14))
        let arrays = try fuseInBlocks(fuser(arrayName(of: average)), views, block: volume)
        #expect(rows == arrays, "\(type) \(widths)")
        found += rows.count { $0 != 0 }
      }
    }
    #expect(found > 1000)
  }

  @Test func doesNotDependOnBlocks() throws {
    for (kind, nanShare) in [(MapKind.shift, 0.0), (.general, 0.05), (.wholeShift, 0)] {
      let views = views(kind, nanShare: nanShare, seed: 11, shape: Index3(4, 8, 12))
      let recipe = try recipe(0.5, 0.8)
      let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
      let fuser = BlockFuser(recipe: recipe)
      for block in [Index3(2, 4, 5), Index3(5, 3, 3)] {
        #expect(try fuseInBlocks(fuser, views, block: block) == whole, "\(kind) \(block)")
      }
    }
  }

  @Test func withoutContentTheBorderDecides() throws {
    // flat views have no detail anywhere: the weights sum to 0
    let map = PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0, 0))
    let shifted = PixelMap(rows: map.rows, offset: Vector3(0, 0, -2))
    let views = [(map, Float(10)), (shifted, 20)].enumerated().map {
      twinView(
        id: $0.offset, [Float](repeating: $0.element.1, count: 5 * 9 * 12), shape: Index3(5, 9, 12), type: .float32,
        map: $0.element.0, number: { Double($0) })
    }
    let fused = numbers(try fuseInBlocks(BlockFuser(recipe: try recipe(0.5, 0.8)), views, block: volume), .float32)
    let twin = TwinFuser(widths: Vector3(2, 3, 3))
    #expect(
      departures(
        fused.map { Float($0) }.withUnsafeBytes { Array($0) }, .float32, views, twin, volume: volume, size: 20) == [])
  }

  @Test func argumentsAreChecked() {
    func make(_ values: [String: FunctionArguments.Value]) throws(FusionError) -> ContentBasedWeights {
      try ContentBasedWeights(arguments: FunctionArguments(values))
    }
    #expect((try? make([:]))?.sigma1 == 5)
    #expect((try? make([:]))?.sigma2 == 11)
    #expect(throws: FusionError.unknownArgument(function: "content_based", name: "sigma1", known: ["sigma_1", "sigma_2"])) {
      try make(["sigma1": .number(3)])
    }
    #expect(throws: FusionError.self) { try make(["sigma_1": .number(-1)]) }
    #expect(throws: FusionError.self) { try make(["sigma_2": .number(.nan)]) }
    #expect(throws: FusionError.self) { try make(["sigma_2": .string("x")]) }
  }
}
