import Fusion
import Geometry
import Testing

@Suite struct CorrectedVoxelsTests {
  private let volume = Index3(4, 7, 13)

  /// The same view in which every third voxel has the value of the first, and that is no value.
  private func withGaps(_ view: TwinView) -> TwinView {
    let placed = view.placed
    let size = placed.elementType.byteCount
    var (voxels, bytes) = (view.voxels, view.bytes)
    let nodata = Array(bytes[..<size])
    for i in voxels.indices where i % 3 == 0 || Array(bytes[(i * size)..<((i + 1) * size)]) == nodata {
      voxels[i] = .nan
      bytes.replaceSubrange((i * size)..<((i + 1) * size), with: nodata)
    }
    let corrected = PlacedView(
      id: placed.id, map: view.given ?? placed.map, shape: placed.shape, spacing: placed.spacing, affine: placed.affine,
      elementType: placed.elementType, nodata: nodata)
    return TwinView(placed: corrected, voxels: voxels, bytes: bytes, given: view.given)
  }

  @Test(arguments: MapKind.allCases) func aStoredValueThatIsNoValueIsAsNaN(_ kind: MapKind) throws {
    for (i, type) in ElementType.allCases.enumerated() {
      for order in [1, 0] {
        var g = SeededGenerator(seed: UInt64(60 + i))
        let views = randomViews(kind, in: volume, type: type, count: 4, using: &g).map(withGaps)
        let recipe = try FusionRecipe(
          blendingWidths: Vector3(3, 2, 4), interpolationOrder: order, outputType: type, context: context(volume))
        let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        let twin = TwinFuser(widths: Vector3(3, 2, 4), order: order)
        #expect(departures(bytes, type, views, twin, volume: volume, size: numberSize(type)) == [], "\(type) \(order)")
        for lends in [false, true] {
          let blocks = try fuseInBlocks(
            BlockFuser(recipe: recipe), views, block: Index3(2, 3, 5), findsConstants: true, lends: lends)
          #expect(blocks == bytes, "\(type) \(order)")
        }
      }
    }
  }

  @Test(arguments: ["weighted_average_fusion", "max_fusion", "median_fusion", "first_view_wins", "closest_view_wins"])
  func backgroundIsWhereNoViewHasAValue(_ function: String) throws {
    for type in ElementType.allCases {
      var g = SeededGenerator(seed: 5)
      let views = randomViews(.general, in: volume, type: type, count: 2, using: &g).map(withGaps)
      let background = [UInt8](repeating: 0x41, count: type.byteCount)
      func fused(_ background: [UInt8]?) throws -> [UInt8] {
        let recipe = try FusionRecipe(function: function, outputType: type, background: background, context: context(volume))
        return try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
      }
      let (plain, filled) = (try fused(nil), try fused(background))
      let size = type.byteCount
      var gaps = 0
      for i in 0..<volume[0] * volume[1] * volume[2] {
        let (a, b) = (Array(plain[(i * size)..<((i + 1) * size)]), Array(filled[(i * size)..<((i + 1) * size)]))
        if a == b { continue }
        #expect(a.allSatisfy { $0 == 0 } && b == background)
        gaps += 1
      }
      #expect(gaps > 0 && plain.contains { $0 != 0 })
    }
  }
}
