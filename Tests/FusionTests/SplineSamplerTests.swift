import Fusion
import Geometry
import Testing

/// Views whose samples are those of B-splines.
@Suite struct SplineSamplerTests {
  private let volume = Index3(4, 7, 13)

  private func recipe(_ order: Int, _ type: ElementType, in volume: Index3, rounding: RoundingMode = .nearest) throws -> FusionRecipe {
    try FusionRecipe(interpolationOrder: order, rounding: rounding, outputType: type, context: context(volume))
  }

  @Test(arguments: 2...5) func samplesAreThoseOfTheTwin(_ order: Int) throws {
    try expectTwin(MapKind.allCases, order: order)
  }

  /// Views that reach much further than a coefficient does, so that what is read of them is a part.
  @Test(arguments: MapKind.allCases, [2, 3, 4, 5]) func voxelsDoNotDependOnBlocks(_ kind: MapKind, _ order: Int) throws {
    let (shape, volume) = (Index3(4, 6, 70), Index3(3, 5, 60))
    for (type, nanShare) in [(ElementType.uint16, 0), (.float32, 0.002), (.int32, 0)] {
      var g = SeededGenerator(seed: UInt64(order))
      let views = (0..<2).map { id in
        randomView(
          id: id, type: type, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g), nanShare: nanShare,
          using: &g)
      }
      let recipe = try recipe(order, type, in: volume)
      let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
      #expect(whole.contains { $0 != 0 })
      for block in [Index3(1, 2, 13), Index3(3, 3, 60)] {
        #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: block, lends: true) == whole, "\(block) \(type)")
      }
      // a limit so small that every block is fused in parts
      #expect(try fuseInBlocks(BlockFuser(recipe: recipe, patchByteLimit: 1 << 14), views, block: volume) == whole)
    }
  }

  /// Also where rounding is towards zero, and whether or not a reader says that a box is constant.
  @Test(arguments: MapKind.allCases) func constantsStayWhatTheyAre(_ kind: MapKind) throws {
    for order in 2...5 {
      var g = SeededGenerator(seed: 12)
      let (shape, volume) = (Index3(6, 9, 60), Index3(6, 9, 60))
      // constant for the first half, then steps
      let voxels = (0..<(shape[0] * shape[1] * shape[2])).map { $0 % 60 < 30 ? Float(99.1) : Float($0 % 60) }
      let map = randomMap(kind, view: shape, volume: volume, using: &g)
      let view = twinView(id: 0, voxels, shape: shape, type: .float32, map: map, number: { Double($0) })
      let recipe = try recipe(order, .float32, in: volume)
      let read = try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: Index3(3, 4, 5))
      #expect(try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: Index3(3, 4, 5), findsConstants: true) == read)
      let bytes = twinView(
        id: 0, [UInt8](repeating: 100, count: voxels.count), shape: shape, type: .uint8, map: map, number: { Double($0) })
      let truncated = try self.recipe(order, .uint8, in: volume, rounding: .truncate)
      let fused = try fuseInBlocks(BlockFuser(recipe: truncated), [bytes], block: volume)
      #expect(Set(fused).isSubset(of: [0, 100]) && fused.contains(100), "\(order)")
    }
  }

  /// A spline goes beyond the voxels that it runs through.
  @Test(arguments: 2...5) func overshootsSaturate(_ order: Int) throws {
    let (shape, volume) = (Index3(1, 1, 24), Index3(1, 1, 24))
    let voxels = (0..<24).map { UInt8($0 < 12 ? 0 : 255) }
    let map = PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0, -0.5))
    let view = twinView(id: 0, voxels, shape: shape, type: .uint8, map: map, number: { Double($0) })
    func fused(_ type: ElementType) throws -> [Double] {
      let recipe = try FusionRecipe(
        interpolationOrder: order, outputType: type, inputTypes: [.uint8], context: context(volume))
      return numbers(try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: volume), type)
    }
    let exact = try fused(.float32)
    #expect(exact.contains { $0 < -5 } && exact.contains { $0 > 260 })
    #expect(try fused(.uint8) == exact.map { min(max($0, 0), 255).rounded(.toNearestOrEven) })
    #expect(try fused(.int8) == exact.map { min(max($0, -128), 127).rounded(.toNearestOrEven) })
  }

  /// Where a NaN, an infinity or a number that is too large would have a part in a sample, it is that of order 1: a NaN spoils no
  /// more than there.
  @Test(arguments: 2...5) func besideNaNSamplesAreLinear(_ order: Int) throws {
    let (shape, volume) = (Index3(1, 1, 200), Index3(1, 1, 200))
    let reach = try #require(Spline.of(order: order)).reach
    for special in [Float.nan, .infinity, 1e38] {
      var g = SeededGenerator(seed: 5)
      let plain = (0..<200).map { _ in Float.random(in: 0...1000, using: &g) }
      var voxels = plain
      voxels[100] = special
      func fused(_ voxels: [Float], _ order: Int) throws -> [Double] {
        let map = PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0, -0.25))
        let view = twinView(id: 0, voxels, shape: shape, type: .float32, map: map, number: { Double($0) })
        return numbers(try fuseInBlocks(BlockFuser(recipe: recipe(order, .float32, in: volume)), [view], block: volume), .float32)
      }
      let (spline, linear, undisturbed) = try (fused(voxels, order), fused(voxels, 1), fused(plain, order))
      let isLinear = (0..<200).map { spline[$0] == linear[$0] && spline[$0] != undisturbed[$0] }
      #expect((0..<200).allSatisfy { isLinear[$0] || spline[$0] == undisturbed[$0] })
      // output x lies at x - 0.25 of the view, so at even orders nearest to x, at odd ones beyond x - 1
      let base = order % 2 == 0 ? 100 : 101
      let touched = (base - (order + 1) / 2 - reach)...(base + order / 2 + reach)
      #expect((1..<200).filter { isLinear[$0] } == Array(touched), "\(special)")
    }
  }

  /// The memory that is stated for a block is what its patch, its coefficients and what is made of them take.
  @Test func statedMemoryGrowsWithWhatIsReadAround() throws {
    let volume = Index3(64, 64, 64)
    for kind in [MapKind.shift, .rotationZ, .general] {
      var g = SeededGenerator(seed: 2)
      let view = randomView(
        id: 0, type: .uint16, shape: Index3(80, 80, 80), map: randomMap(kind, view: volume, volume: volume, using: &g),
        using: &g)
      func bytes(_ order: Int) throws -> Int {
        BlockFuser.arenaByteCount(
          recipe: try recipe(order, .uint16, in: volume), box: Box3(shape: volume), views: [view.placed])
      }
      let box = view.placed.inputBox(for: Box3(shape: volume), order: 3)
      #expect(try bytes(3) > 2 * box.count + 4 * box.shape[0] * 60 && bytes(3) > bytes(1) && bytes(5) >= bytes(3), "\(kind)")
    }
  }
}
