import Fusion
import Geometry
import Testing

/// Views that are shifted, scaled or mirrored.
@Suite struct SeparableSamplerTests {
  @Test func aMissingNeighbourOfNoWeightIsNotConsulted() throws {
    var voxels = (0..<40).map { Float($0) }
    voxels[13] = .nan
    let identity = AffineMap.identity.rows
    // a scale and a shear that meet whole voxels at every second x or y, and a mirror that only meets such
    let maps = [
      PixelMap(rows: [identity[0], identity[1], Vector3(0, 0, 0.5)], offset: .zero),
      PixelMap(rows: [identity[0], Vector3(0, 0.5, 0), identity[2]], offset: .zero),
      PixelMap(rows: [identity[0], identity[1], Vector3(0, 0, -1)], offset: Vector3(0, 0, 7)),
      PixelMap(rows: [identity[0], Vector3(0, 1, 0.5), identity[2]], offset: .zero),
      PixelMap(rows: [Vector3(1, 0.5, 0), identity[1], identity[2]], offset: .zero),
    ]
    for (i, map) in maps.enumerated() {
      let volume = Index3(1, 5, 9)
      let view = twinView(
        id: 0, voxels, shape: Index3(1, 5, 8), type: .float32, map: map, number: { Double($0) })
      let recipe = try FusionRecipe(outputType: .float32, context: context(volume))
      let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: volume)
      #expect(departures(bytes, .float32, [view], TwinFuser(), volume: volume, size: 40) == [], "\(i)")
    }
  }

  @Test(arguments: [0, 1]) func samplesAreThoseOfTheTwin(_ order: Int) throws {
    try expectTwin([.wholeShift, .shift, .scale, .mirror], order: order)
  }
}
