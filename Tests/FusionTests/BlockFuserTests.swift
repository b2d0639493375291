import Diagnostics
import Fusion
import Geometry
import Testing

@Suite struct BlockFuserTests {
  private let volume = Index3(4, 7, 13)

  @Test(arguments: MapKind.allCases) func equalsTheTwinOnRandomGeometry(_ kind: MapKind) throws {
    for seed in 0..<6 as Range<UInt64> {
      var g = SeededGenerator(seed: seed &* 97 &+ UInt64(kind.rawValue.utf8.first ?? 0))
      for order in [1, 0] {
        let views = randomViews(kind, in: volume, type: .uint16, count: 4, using: &g)
        let recipe = try FusionRecipe(
          blendingWidths: Vector3(3, 2, 4), interpolationOrder: order, outputType: .uint16, context: context(volume))
        let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        let twin = TwinFuser(widths: Vector3(3, 2, 4), order: order)
        #expect(departures(bytes, .uint16, views, twin, volume: volume, size: 65536) == [], "\(seed) \(order)")
      }
    }
  }

  @Test(arguments: ElementType.allCases) func everyElementTypeEqualsTheTwin(_ type: ElementType) throws {
    for (i, kind) in [MapKind.wholeShift, .shift, .scale, .rotationZ, .general].enumerated() {
      var g = SeededGenerator(seed: UInt64(40 + i))
      let views = randomViews(kind, in: volume, type: type, count: 3, nanShare: i % 2 == 0 ? 0 : 0.05, using: &g)
      let recipe = try FusionRecipe(outputType: type, context: context(volume))
      let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
      #expect(departures(bytes, type, views, TwinFuser(), volume: volume, size: numberSize(type)) == [], "\(kind)")
    }
  }

  @Test(arguments: MapKind.allCases) func voxelsDoNotDependOnBlocks(_ kind: MapKind) throws {
    for type in [ElementType.uint16, .float32, .int64] {
      var g = SeededGenerator(seed: 7)
      let views = randomViews(kind, in: volume, type: type, count: 6, nanShare: 0.03, using: &g)
      for function in ["weighted_average_fusion", "closest_view_wins", "max_fusion"] {
        let recipe = try FusionRecipe(
          function: function, blendingWidths: Vector3(3, 2, 4), outputType: type, context: context(volume))
        let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        #expect(whole.contains { $0 != 0 })
        let fuser = BlockFuser(recipe: recipe)
        for block in [Index3(1, 1, 1), Index3(3, 2, 5), Index3(2, 7, 3), Index3(4, 3, 11)] {
          #expect(try fuseInBlocks(fuser, views, block: block) == whole, "\(block) \(type) \(function)")
        }
        // a limit so small that every block is fused in parts
        #expect(try fuseInBlocks(BlockFuser(recipe: recipe, patchByteLimit: 1), views, block: volume) == whole)
      }
    }
  }

  @Test func voxelsDoNotDependOnBlocksFarFromTheOrigin() throws {
    let lower = Index3(100_000, 99_999, 123_457)
    for kind in MapKind.allCases {
      var g = SeededGenerator(seed: 3)
      let near = randomViews(kind, in: volume, type: .uint16, count: 4, using: &g)
      let views = near.map { view in
        // the same place of the view, seen from far away, at fractions
        let map = view.placed.map
        let shift = PixelMap(rows: map.rows, offset: .zero)(Vector3(lower))
        let moved = PixelMap(rows: map.rows, offset: map.offset - shift)
        return TwinView(
          placed: PlacedView(
            id: view.placed.id, map: moved, shape: view.placed.shape, spacing: view.placed.spacing,
            affine: .identity, elementType: .uint16),
          voxels: view.voxels, bytes: view.bytes)
      }
      let far = FusionContext(
        outputVolume: Box3(lower: lower, upper: lower &+ volume), outputSpacing: Vector3(1, 1, 1),
        outputOrigin: .zero, blendsZ: true)
      let recipe = try FusionRecipe(outputType: .uint16, context: far)
      let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
      #expect(whole.contains { $0 != 0 })
      #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(3, 2, 5)) == whole)
    }
  }

  @Test func aBlockWithoutValuesIsFill() throws {
    var g = SeededGenerator(seed: 1)
    let recipe = try FusionRecipe(outputType: .uint16, context: context(Index3(4, 4, 40)))
    let shape = Index3(4, 4, 8)
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    let view = randomView(id: 0, type: .uint16, shape: shape, map: map, using: &g)
    let zeros = twinView(
      id: 1, [UInt16](repeating: 0, count: 128), shape: shape, type: .uint16,
      map: PixelMap(rows: map.rows, offset: Vector3(0, 0, -20)), number: { Double($0) })
    let out = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 8)
    defer { out.deallocate() }
    let fuser = BlockFuser(recipe: recipe)
    func content(_ x: Int) throws -> BlockContent {
      try fuser.fuse(
        Box3(lower: Index3(0, 0, x), upper: Index3(4, 4, x + 8)), views: [view.placed, zeros.placed], viewCount: 2,
        reader: TwinReader(views: [view, zeros]), into: out)
    }
    #expect(try content(0) == .voxels)
    #expect(try content(10) == .fill)
    #expect(try content(20) == .fill)
  }

  @Test func wrongCallsAreRefused() throws {
    let recipe = try FusionRecipe(outputType: .uint16, context: context(Index3(2, 2, 2)))
    let fuser = BlockFuser(recipe: recipe)
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    func view(_ id: Int, _ type: ElementType) -> PlacedView {
      PlacedView(
        id: id, map: map, shape: Index3(2, 2, 2), spacing: Vector3(1, 1, 1), affine: .identity, elementType: type)
    }
    let out = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 8)
    defer { out.deallocate() }
    func fuse(_ box: Box3, _ views: [PlacedView], _ bytes: Int = 16) throws {
      _ = try fuser.fuse(
        box, views: views, viewCount: views.count, reader: TwinReader(views: []),
        into: UnsafeMutableRawBufferPointer(rebasing: out[0..<bytes]))
    }
    let box = Box3(shape: Index3(2, 2, 2))
    #expect(throws: FusionError.outsideOutput(box: box.shifted(by: Index3(0, 0, 1)), volume: box)) {
      try fuse(box.shifted(by: Index3(0, 0, 1)), [])
    }
    #expect(throws: FusionError.wrongBufferSize(what: "the buffer of the block", expected: 16, actual: 8)) {
      try fuse(box, [], 8)
    }
    #expect(throws: FusionError.unsortedViews(first: 1, second: 0)) {
      try fuse(box, [view(1, .uint16), view(0, .uint16)])
    }
    #expect(throws: FusionError.unexpectedElementType(view: 0, type: .int8)) { try fuse(box, [view(0, .int8)]) }
    #expect(throws: TwinReader.OutOfBounds.self) { try fuse(box, [view(0, .uint16)]) }
  }

  @Test func hugeViewsAreRefusedBeforeMemoryIsTaken() throws {
    // one block that needs a whole huge view: in parts it can be cut only so far
    let map = PixelMap(
      rows: [Vector3(1, 0, 0), Vector3(0, 1, 1e6), Vector3(0, 1e6, 1e6)], offset: .zero)
    let shape = Index3(repeating: 1 << 40)
    let view = PlacedView(
      id: 0, map: map, shape: shape, spacing: Vector3(1, 1, 1), affine: .identity, elementType: .uint16)
    let recipe = try FusionRecipe(outputType: .uint16, context: context(Index3(2, 2, 2)))
    let fuser = BlockFuser(recipe: recipe, patchByteLimit: .max)
    let out = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 8)
    defer { out.deallocate() }
    let error = #expect(throws: FusionError.self) {
      try fuser.fuse(Box3(shape: Index3(2, 2, 2)), views: [view], viewCount: 1, reader: TwinReader(views: []), into: out)
    }
    #expect(error?.code.rawValue == "block-too-large")
  }
}
