import Fusion
import Geometry
import Testing

/// Views that are turned about the z axis.
@Suite struct PlaneSamplerTests {
  private let volume = Index3(4, 7, 13)

  @Test(arguments: [1]) func samplesAreThoseOfTheTwin(_ order: Int) throws {
    try check([.rotationZ], order: order, types: [.uint8, .float32, .uint16, .float64, .int32])
  }

  /// The exact numbers of this kind of view, whatever type its voxels have.
  private func check(_ kinds: [MapKind], order: Int, types: [ElementType]) throws {
    for kind in kinds {
      for (i, type) in types.enumerated() {
        var g = SeededGenerator(seed: UInt64(60 + i))
        let views = randomViews(kind, in: volume, type: type, count: 3, nanShare: i % 2 == 0 ? 0 : 0.05, using: &g)
        let recipe = try FusionRecipe(interpolationOrder: order, outputType: type, context: context(volume))
        let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(3, 4, 9))
        #expect(
          departures(bytes, type, views, TwinFuser(order: order), volume: volume, size: numberSize(type)) == [],
          "\(kind) \(type)")
      }
    }
  }
}
