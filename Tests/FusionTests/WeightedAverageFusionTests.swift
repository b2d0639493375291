import Fusion
import Geometry
import Testing

@Suite struct WeightedAverageFusionTests {
  @Test func aRampAfterViewsOfFullWeight() throws {
    var g = SeededGenerator(seed: 14)
    let volume = Index3(1, 3, 16)
    let shape = Index3(1, 60, 60)
    let views = [Vector3(0, 25, 25), Vector3(0, 20.5, 20.25), Vector3(0, 30, 0)].enumerated().map {
      randomView(
        id: $0.offset, type: .uint16, shape: shape,
        map: PixelMap(rows: AffineMap.identity.rows, offset: $0.element), using: &g)
    }
    for order in [[0, 1, 2], [2, 0, 1], [0, 2, 1]] {
      let views = order.enumerated().map { id, k in
        TwinView(
          placed: PlacedView(
            id: id, map: views[k].placed.map, shape: shape, spacing: Vector3(1, 1, 1), affine: .identity,
            elementType: .uint16),
          voxels: views[k].voxels, bytes: views[k].bytes)
      }
      let recipe = try FusionRecipe(outputType: .uint16, context: context(volume, blendsZ: false))
      let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
      let twin = TwinFuser(blendsZ: false)
      #expect(departures(bytes, .uint16, views, twin, volume: volume, size: 65536) == [], "\(order)")
      #expect(twin.weight(views[order.firstIndex(of: 0) ?? 0], Vector3(0, 26, 26)) == 1)
      #expect(twin.weight(views[order.firstIndex(of: 2) ?? 0], Vector3(0, 31, 1)) < 0.5)
    }
  }

  @Test func viewsThatTouchInOnePlane() throws {
    var g = SeededGenerator(seed: 8)
    let volume = Index3(3, 4, 9)
    let shape = Index3(3, 4, 5)
    func shift(_ x: Double) -> PixelMap { PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0, x)) }
    let views = [0, -4].enumerated().map {
      randomView(id: $0.offset, type: .uint8, shape: shape, map: shift($0.element), using: &g)
    }
    let recipe = try FusionRecipe(outputType: .uint8, context: context(volume))
    let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
    #expect(departures(bytes, .uint8, views, TwinFuser(), volume: volume, size: 256) == [])
    // beside the plane that both have, each is copied
    for z in 0..<3 {
      for y in 0..<4 {
        for x in 0..<9 where x != 4 {
          let view = views[x / 5]
          #expect(Double(bytes[(z * 4 + y) * 9 + x]) == view[z, y, x % 5 + x / 5])
        }
      }
    }
  }

  @Test func planesAreBlendedApart() throws {
    var g = SeededGenerator(seed: 9)
    let volume = Index3(4, 7, 9)
    let shape = Index3(4, 6, 8)
    let views = (0..<3).map { id in
      var map = randomMap(.rotationZ, view: shape, volume: volume, using: &g)
      map = PixelMap(rows: map.rows, offset: Vector3(Double(id - 1), map.offset[1], map.offset[2]))
      return randomView(id: id, type: .uint16, shape: shape, map: map, using: &g)
    }
    let recipe = try FusionRecipe(
      blendingWidths: Vector3(3, 2, 4), outputType: .uint16, context: context(volume, blendsZ: false))
    let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(1, 7, 9))
    let twin = TwinFuser(widths: Vector3(3, 2, 4), blendsZ: false)
    #expect(departures(bytes, .uint16, views, twin, volume: volume, size: 65536) == [])
  }
}
