import Fusion
import Geometry
import Testing

/// `BlockFuser.countViews`.
@Suite struct CountViewsTests {
  private let volume = Index3(4, 7, 13)

  @Test func viewsAreCounted() throws {
    for type in [ElementType.uint16, .float32] {
      for kind in [MapKind.shift, .mirror, .general] {
        var g = SeededGenerator(seed: 30)
        let views = randomViews(kind, in: volume, type: type, count: 6, nanShare: 0.2, using: &g)
        let recipe = try FusionRecipe(outputType: type, context: context(volume))
        let fuser = BlockFuser(recipe: recipe)
        let count = volume[0] * volume[1] * volume[2]
        let out = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        defer { out.deallocate() }
        _ = try fuser.countViews(
          Box3(shape: volume), views: views.map(\.placed), reader: TwinReader(views: views), as: .uint8, into: out)
        for i in 0..<count {
          let index = Index3(i / (volume[1] * volume[2]), i / volume[2] % volume[1], i % volume[2])
          #expect(Int(out[i]) == views.filter { TwinFuser().sample($0, index) != nil }.count, "\(index) \(kind)")
        }
      }
    }
  }

  @Test func manyViewsSaturateTheCount() throws {
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    let views = (0..<300).map {
      twinView(id: $0, [UInt8(1)], shape: Index3(1, 1, 1), type: .uint8, map: map, number: { Double($0) })
    }
    let fuser = BlockFuser(recipe: try FusionRecipe(outputType: .uint8, context: context(Index3(1, 1, 1))))
    var counts: [UInt16] = [0]
    var small: [UInt8] = [0]
    let (placed, reader) = (views.map(\.placed), TwinReader(views: views))
    try counts.withUnsafeMutableBytes {
      _ = try fuser.countViews(Box3(shape: Index3(1, 1, 1)), views: placed, reader: reader, as: .uint16, into: $0)
    }
    try small.withUnsafeMutableBytes {
      _ = try fuser.countViews(Box3(shape: Index3(1, 1, 1)), views: placed, reader: reader, as: .uint8, into: $0)
    }
    #expect(counts == [300])
    #expect(small == [255])
  }
}
