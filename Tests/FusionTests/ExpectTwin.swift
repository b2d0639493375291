import Fusion
import Geometry
import Testing

/// Fuses random views of each kind, of all kinds of voxel types, and expects the exact numbers of the twin.
func expectTwin(_ kinds: [MapKind], order: Int) throws {
  let volume = Index3(4, 7, 13)
  for kind in kinds {
    for (i, type) in [ElementType.uint8, .float32, .uint16, .float64, .int32].enumerated() {
      var g = SeededGenerator(seed: UInt64(60 + i))
      let views = randomViews(kind, in: volume, type: type, count: 3, nanShare: i % 2 == 0 ? 0 : 0.05, using: &g)
      let recipe = try FusionRecipe(interpolationOrder: order, outputType: type, context: context(volume))
      let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(3, 4, 9))
      // coefficients of noise are larger than the noise
      let size = numberSize(type) * (order < 2 ? 1 : order < 4 ? 2 : 4)
      #expect(departures(bytes, type, views, TwinFuser(order: order), volume: volume, size: size) == [], "\(kind) \(type)")
    }
  }
}
