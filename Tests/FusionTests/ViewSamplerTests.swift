import Fusion
import Geometry
import Testing

@Suite struct ViewSamplerTests {
  private let volume = Index3(4, 7, 13)

  @Test func constantsNeedNoVoxels() throws {
    for kind in MapKind.allCases {
      var g = SeededGenerator(seed: 12)
      let shape = Index3(3, 6, 11)
      let views = (0..<3).map { id in
        let map = randomMap(kind, view: shape, volume: volume, using: &g)
        return twinView(
          id: id, [UInt16](repeating: UInt16(100 + 7 * id), count: 3 * 6 * 11), shape: shape, type: .uint16, map: map,
          number: { Double($0) })
      }
      let recipe = try FusionRecipe(outputType: .uint16, context: context(volume))
      let read = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(2, 3, 13))
      let constant = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(2, 3, 13), findsConstants: true)
      #expect(read == constant)
      #expect(departures(read, .uint16, views, TwinFuser(), volume: volume, size: 65536) == [])
    }
  }

  @Test func intensitiesAreScaledPerView() throws {
    for kind in [MapKind.wholeShift, .shift, .general] {
      var g = SeededGenerator(seed: 21)
      let shape = Index3(3, 6, 11)
      let views = (0..<3).map { id in
        randomView(
          id: id, type: .uint8, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g),
          scale: 1 + Double(id) / 3, offset: Double(id) * 10, using: &g)
      }
      let recipe = try FusionRecipe(outputType: .uint16, inputTypes: [.uint8], context: context(volume))
      let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
      #expect(departures(bytes, .uint16, views, TwinFuser(), volume: volume, size: 600) == [])
    }
  }

  /// Voxels that are lent give what voxels that are read give, for every way to look at them.
  @Test(arguments: MapKind.allCases) func lentVoxelsAreAsGood(_ kind: MapKind) throws {
    for type in [ElementType.uint8, .uint16, .int16, .int64, .float32] {
      for (order, seed) in [(1, 11), (0, 12), (1, 13), (3, 14), (4, 15)] as [(Int, UInt64)] {
        var g = SeededGenerator(seed: seed)
        let views = randomViews(kind, in: volume, type: type, count: 5, nanShare: 0.03, using: &g)
        for function in ["weighted_average_fusion", "max_fusion"] {
          let recipe = try FusionRecipe(
            function: function, blendingWidths: Vector3(3, 2, 4), interpolationOrder: order, outputType: type,
            context: context(volume))
          let read = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(4, 6, 9))
          let lent = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(4, 6, 9), lends: true)
          #expect(lent == read, "\(type) \(order) \(function)")
        }
      }
    }
  }

  /// Views of one plane between those of the output: on the nearest, whatever y and x do, and for any blocks.
  @Test(arguments: allFunctions) func flatViewsLieOnOnePlane(_ function: String) throws {
    for kind in [MapKind.wholeShift, .shift, .scale, .mirror, .rotationZ, .anisotropic] {
      for (seed, type) in [ElementType.uint16, .float32, .uint32].enumerated() {
        var g = SeededGenerator(seed: UInt64(seed) &+ 40)
        let shape = Index3(1, 5, 8)
        let views = (0..<5).map { id in
          var map = randomMap(kind, view: shape, volume: volume, using: &g)
          if id == 3 { map = PixelMap(rows: map.rows, offset: Vector3(-1.5 * map.rows[0][0], map.offset[1], map.offset[2])) }
          if id == 4 {
            var rows = map.rows
            (rows[1][0], rows[2][0]) = (0.3, -0.2)
            map = PixelMap(rows: rows, offset: map.offset)
          }
          return randomView(
            id: id, type: type, shape: id == 2 ? Index3(4, 6, 7) : shape, map: map, spacing: Vector3(2, 1, 0.5), using: &g)
        }
        for order in [1, 0] {
          let recipe = try FusionRecipe(
            function: function, blendingWidths: Vector3(3, 2, 4), interpolationOrder: order, outputType: type,
            context: context(volume))
          let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
          let twin = TwinFuser(function: function, widths: Vector3(3, 2, 4), order: order)
          #expect(departures(whole, type, views, twin, volume: volume, size: numberSize(type)) == [], "\(kind) \(type) \(order)")
          #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(1, 3, 5)) == whole)
          #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(3, 4, 6), lends: true) == whole)
        }
      }
    }
  }
}
