import Diagnostics
import Fusion
import Geometry
import Testing

/// A user's fusion function: the median of the values, of all voxels within 1, in one generic method.
private struct NeighbourhoodMedian: FusionFunction {
  static let name = "neighbourhood_median"
  let reach: Int
  var usesBlendingWeights: Bool { false }

  init(arguments: FunctionArguments) throws(FusionError) {
    reach = Int(try arguments.number("reach", default: 1, of: Self.name))
    try arguments.finish(knowing: ["reach"], of: Self.name)
  }

  func halo(in context: FusionContext) -> Index3 { Index3(context.blendsZ ? reach : 0, reach, reach) }

  func fuse<Scalar: FusionScalar>(_ views: TransformedViews<Scalar>, into output: MutableVoxelArray<Scalar>) {
    for z in output.box.lower[0]..<output.box.upper[0] {
      for y in output.box.lower[1]..<output.box.upper[1] {
        for x in output.box.lower[2]..<output.box.upper[2] {
          let around = Box3(lower: Index3(z, y, x), upper: Index3(z, y, x) &+ 1)
            .grown(by: halo(in: views.context)).intersection(views.box)
          var found: [Scalar] = []
          for values in views.values {
            for a in around.lower[0]..<around.upper[0] {
              for b in around.lower[1]..<around.upper[1] {
                for c in around.lower[2]..<around.upper[2] where !values[a, b, c].isNaN {
                  found.append(values[a, b, c])
                }
              }
            }
          }
          found.sort()
          output[z, y, x] = found.isEmpty ? .nan : found[found.count / 2]
        }
      }
    }
  }
}

/// A user's weights function: how bright it is, with the fusion weights not normalised.
private struct Brightness: WeightsFunction {
  static let name = "brightness"

  init(arguments: FunctionArguments) throws(FusionError) { try arguments.finish(knowing: [], of: Self.name) }

  func weigh<Scalar: FusionScalar>(_ views: TransformedViews<Scalar>, into weights: [MutableVoxelArray<Float>]) {
    for (values, out) in zip(views.values, weights) {
      for z in out.box.lower[0]..<out.box.upper[0] {
        for y in out.box.lower[1]..<out.box.upper[1] {
          for x in out.box.lower[2]..<out.box.upper[2] { out[z, y, x] = Float(values[z, y, x]) }
        }
      }
    }
  }
}

@Suite struct StackedFusionTests {
  private let volume = Index3(4, 7, 11)

  private func views(
    _ kind: MapKind, _ type: ElementType, nanShare: Double = 0, seed: UInt64 = 2
  ) -> [TwinView] {
    var g = SeededGenerator(seed: seed)
    let shape = Index3(3, 6, 9)
    return (0..<4).map {
      randomView(
        id: $0, type: type, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g),
        nanShare: nanShare, using: &g)
    }
  }

  @Test func aUsersFunctionGetsItsHalo() throws {
    var registry = FusionRegistry.builtin
    try registry.register(NeighbourhoodMedian.self)
    let recipe = try FusionRecipe(
      function: "neighbourhood_median", outputType: .uint16, context: context(volume), registry: registry)
    #expect(recipe.halo == Index3(1, 1, 1))
    #expect(!recipe.isStreamed)
    let views = views(.shift, .uint16)
    let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
    #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(3, 2, 5)) == whole)
    // a value from around is no value where no view has one
    for (i, value) in numbers(whole, .uint16).enumerated()
    where TwinFuser().fuse(views, Index3(i / 77, i / 11 % 7, i % 11)) == nil { #expect(value == 0) }
    // one voxel by hand
    let at = Index3(2, 3, 5)
    #expect(TwinFuser().fuse(views, at) != nil)
    var found: [Double] = []
    for dz in -1...1 {
      for dy in -1...1 {
        for dx in -1...1 {
          found += views.compactMap { TwinFuser().sample($0, at &+ Index3(dz, dy, dx))?.value }
        }
      }
    }
    found.sort()
    let value = numbers(whole, .uint16)[(2 * 7 + 3) * 11 + 5]
    #expect((value - (found.isEmpty ? 0 : found[found.count / 2])).magnitude <= 0.51)
    #expect(found.count > 10)
  }

  @Test func aUsersFunctionServesBothPrecisions() throws {
    var registry = FusionRegistry.builtin
    try registry.register(NeighbourhoodMedian.self)
    let recipe = try FusionRecipe(
      function: "neighbourhood_median", functionArguments: FunctionArguments(["reach": .number(0)]),
      outputType: .uint32, context: context(volume), registry: registry)
    #expect(recipe.usesDouble && recipe.halo == Index3(0, 0, 0))
    let view = views(.wholeShift, .uint32)[0]
    let fused = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: volume), .uint32)
    let twin = TwinFuser(function: "max_fusion")
    for i in 0..<fused.count { #expect(fused[i] == twin.fuse([view], Index3(i / 77, i / 11 % 7, i % 11)) ?? 0) }
  }

  @Test func aUsersWeightsAreNormalisedForIt() throws {
    var registry = FusionRegistry.builtin
    try registry.register(Brightness.self)
    let recipe = try FusionRecipe(
      weights: "brightness", outputType: .uint16, context: context(volume), registry: registry)
    let views = views(.general, .uint16)
    let fused = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume), .uint16)
    let twin = TwinFuser()
    var overlapping = 0
    for i in 0..<fused.count {
      let samples = views.compactMap { twin.sample($0, Index3(i / 77, i / 11 % 7, i % 11)) }
      let weights = samples.map { $0.weight * $0.value }
      let sum = weights.reduce(0, +)
      let expected = sum == 0 ? 0 : zip(weights, samples).reduce(0) { $0 + $1.0 * $1.1.value } / sum
      #expect((fused[i] - expected).magnitude < 0.8, "\(i)")
      if samples.count > 1 { overlapping += 1 }
    }
    #expect(overlapping > 20)
  }

  @Test func noValueIsZeroEvenInARange() throws {
    var registry = FusionRegistry.builtin
    try registry.register(NeighbourhoodMedian.self)
    for function in ["neighbourhood_median", "weighted_average_fusion"] {
      let recipe = try FusionRecipe(
        function: function,
        functionArguments: function == "neighbourhood_median" ? FunctionArguments(["reach": .number(0)]) : .none,
        outputType: .uint8, inputTypes: [.float32],
        intensityRange: IntensityRange(lower: -100, upper: 100), context: context(Index3(1, 1, 3)), registry: registry)
      let view = twinView(
        id: 0, [Float.nan, 100], shape: Index3(1, 1, 2), type: .float32,
        map: PixelMap(rows: AffineMap.identity.rows, offset: .zero), number: { Double($0) })
      #expect(try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: Index3(1, 1, 3)) == [0, 255, 0])
    }
  }

  @Test func tooMuchMemoryIsRefused() throws {
    let recipe = try FusionRecipe(weights: "content_based", outputType: .uint16, context: context(volume))
    let fuser = BlockFuser(recipe: recipe, arenaByteLimit: 1_000_000)
    let views = views(.shift, .uint16)
    let error = #expect(throws: FusionError.self) { try fuseInBlocks(fuser, views, block: volume) }
    #expect(error?.code.rawValue == "block-too-large")
    #expect(error?.isTransient == false)
  }

  @Test func memoryIsForetold() throws {
    let views = views(.general, .uint16)
    let recipe = try FusionRecipe(outputType: .uint16, context: context(volume))
    let all = BlockFuser.arenaByteCount(recipe: recipe, box: Box3(shape: volume), views: views.map(\.placed))
    // of each view the voxels and their numbers
    let least = views.reduce(0) { $0 + 6 * $1.placed.inputBox(for: Box3(shape: volume), order: 1).count }
    #expect(least > 600 && all >= least && all < 3 * least + 100_000)
  }

  @Test func memoryOfContentWeightsIsForetold() throws {
    let shape = Index3(200, 300, 300)
    let box = Box3(lower: Index3(70, 70, 70), upper: Index3(120, 130, 140))
    let views = (0..<3).map {
      PlacedView(
        id: $0, map: PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0.5, 3 * Double($0))), shape: shape,
        spacing: Vector3(1, 1, 1), affine: .identity, elementType: .uint16)
    }
    let recipe = try FusionRecipe(
      weights: "content_based", weightsArguments: FunctionArguments(["sigma_1": .number(2), "sigma_2": .number(4)]),
      outputType: .uint16, context: context(shape))
    let all = BlockFuser.arenaByteCount(recipe: recipe, box: box, views: views)
    // of one view at a time the patch and the numbers of each step, of all views patches and weights
    let (around, middle) = (box.grown(by: Index3(24, 24, 24)), box.grown(by: Index3(16, 16, 16)))
    let least = 2 * around.count + 4 * 3 * middle.count + 3 * (2 + 4) * box.count
    #expect(all >= least && all < 3 * least)
    // one view alone is not weighed
    #expect(BlockFuser.arenaByteCount(recipe: recipe, box: box, views: [views[0]]) < 4 * box.count)
  }
}
