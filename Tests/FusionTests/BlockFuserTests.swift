import Diagnostics
import Fusion
import Geometry
import Testing

let allFunctions = [
  "weighted_average_fusion", "simple_average_fusion", "max_fusion", "first_view_wins", "last_view_wins",
  "closest_view_wins",
]

@Suite struct BlockFuserTests {
  private let volume = Index3(4, 7, 13)

  private func views(
    _ kind: MapKind, type: ElementType, count: Int, nanShare: Double = 0, using g: inout SeededGenerator
  ) -> [TwinView] {
    (0..<count).map { id in
      // singleton axes and views of one voxel are among them
      let shape = Index3(
        [1, 3, 5].randomElement(using: &g) ?? 1, [1, 4, 8].randomElement(using: &g) ?? 1,
        [1, 6, 14].randomElement(using: &g) ?? 1)
      return randomView(
        id: id, type: type, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g),
        spacing: Vector3(2, 1, 0.5), nanShare: nanShare, using: &g)
    }
  }

  private func size(_ type: ElementType) -> Double {
    switch type {
    case .uint8, .int8: 256
    case .uint16, .int16: 65536
    case .uint32, .int32: 0x1p32
    case .uint64, .int64: 0x1p64
    case .float16, .float32, .float64: 1000
    }
  }

  @Test(arguments: MapKind.allCases) func equalsTheTwinOnRandomGeometry(_ kind: MapKind) throws {
    for seed in 0..<6 as Range<UInt64> {
      var g = SeededGenerator(seed: seed &* 97 &+ UInt64(kind.rawValue.utf8.first ?? 0))
      for order in [1, 0] {
        let views = views(kind, type: .uint16, count: 4, using: &g)
        let recipe = try FusionRecipe(
          blendingWidths: Vector3(3, 2, 4), interpolationOrder: order, outputType: .uint16, context: context(volume))
        let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        let twin = TwinFuser(widths: Vector3(3, 2, 4), order: order)
        #expect(departures(bytes, .uint16, views, twin, volume: volume, size: 65536) == [], "\(seed) \(order)")
      }
    }
  }

  /// Blocks that one view covers are its voxels: read in place, constants included, and the same as in any other block.
  @Test func blocksInsideOneViewAreItsVoxels() throws {
    var g = SeededGenerator(seed: 21)
    let shape = Index3(4, 9, 12)
    for type in [ElementType.uint8, .uint16, .int16, .uint64] {
      var views = [
        randomView(id: 0, type: type, shape: shape, map: PixelMap(rows: AffineMap.identity.rows, offset: .zero), using: &g),
        randomView(
          id: 1, type: type, shape: shape, map: PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0, -9)), using: &g),
      ]
      if type == .uint16 {
        let stored = [UInt16](repeating: 777, count: 4 * 9 * 12)
        views[1] = twinView(id: 1, stored, shape: shape, type: type, map: views[1].placed.map) { Double($0) }
      }
      let volume = Index3(4, 9, 21)
      let recipe = try FusionRecipe(blendingWidths: Vector3(3, 2, 4), outputType: type, context: context(volume))
      let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume, findsConstants: true)
      let small = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(3, 4, 5), findsConstants: true)
      #expect(whole == small, "\(type)")
      let bytes = type.byteCount
      for (x, view, own) in [(0, 0, 0), (8, 0, 8), (12, 1, 3), (20, 1, 11)] {
        let at = ((2 * 9 + 5) * 21 + x) * bytes
        let from = ((2 * 9 + 5) * 12 + own) * bytes
        #expect(small[at..<(at + bytes)].elementsEqual(views[view].bytes[from..<(from + bytes)]), "\(type) \(x)")
      }
    }
  }

  @Test(arguments: allFunctions) func everyFunctionEqualsTheTwin(_ function: String) throws {
    for (i, kind) in [MapKind.shift, .rotationZ, .general].enumerated() {
      for type in [ElementType.int16, .float32] {
        var g = SeededGenerator(seed: UInt64(i))
        let views = views(kind, type: type, count: 5, nanShare: 0.1, using: &g)
        let recipe = try FusionRecipe(
          function: function, blendingWidths: Vector3(3, 2, 4), outputType: type, context: context(volume))
        let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        let twin = TwinFuser(function: function, widths: Vector3(3, 2, 4))
        #expect(departures(bytes, type, views, twin, volume: volume, size: size(type)) == [], "\(kind) \(type)")
      }
    }
  }

  @Test(arguments: ElementType.allCases) func everyElementTypeEqualsTheTwin(_ type: ElementType) throws {
    for (i, kind) in [MapKind.wholeShift, .shift, .scale, .rotationZ, .general].enumerated() {
      var g = SeededGenerator(seed: UInt64(40 + i))
      let views = views(kind, type: type, count: 3, nanShare: i % 2 == 0 ? 0 : 0.05, using: &g)
      let recipe = try FusionRecipe(outputType: type, context: context(volume))
      let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
      #expect(departures(bytes, type, views, TwinFuser(), volume: volume, size: size(type)) == [], "\(kind)")
    }
  }

  @Test(arguments: MapKind.allCases) func voxelsDoNotDependOnBlocks(_ kind: MapKind) throws {
    for type in [ElementType.uint16, .float32, .int64] {
      var g = SeededGenerator(seed: 7)
      let views = views(kind, type: type, count: 6, nanShare: 0.03, using: &g)
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

  /// Voxels that are lent give what voxels that are read give, for every way to look at them.
  @Test(arguments: MapKind.allCases) func lentVoxelsAreAsGood(_ kind: MapKind) throws {
    for type in [ElementType.uint8, .uint16, .int16, .int64, .float32] {
      for (order, seed) in [(1, 11), (0, 12), (1, 13)] as [(Int, UInt64)] {
        var g = SeededGenerator(seed: seed)
        let views = views(kind, type: type, count: 5, nanShare: 0.03, using: &g)
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

  @Test func voxelsDoNotDependOnBlocksFarFromTheOrigin() throws {
    let lower = Index3(100_000, 99_999, 123_457)
    for kind in MapKind.allCases {
      var g = SeededGenerator(seed: 3)
      let near = views(kind, type: .uint16, count: 4, using: &g)
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

  @Test func manyViewsOnOneVoxel() throws {
    var g = SeededGenerator(seed: 5)
    let volume = Index3(2, 3, 5)
    let shape = Index3(3, 4, 6)
    let views = (0..<100).map {
      randomView(
        id: $0, type: .uint16, shape: shape,
        map: randomMap($0 % 2 == 0 ? .shift : .general, view: shape, volume: volume, using: &g), using: &g)
    }
    for function in allFunctions {
      let recipe = try FusionRecipe(function: function, outputType: .uint16, context: context(volume))
      let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
      let twin = TwinFuser(function: function)
      #expect(departures(bytes, .uint16, views, twin, volume: volume, size: 65536) == [], "\(function)")
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
        Box3(lower: Index3(0, 0, x), upper: Index3(4, 4, x + 8)), views: [view.placed, zeros.placed],
        reader: TwinReader(views: [view, zeros]), into: out)
    }
    #expect(try content(0) == .voxels)
    #expect(try content(10) == .fill)
    #expect(try content(20) == .fill)
  }

  private func integers(_ bytes: [UInt8]) -> [UInt64] {
    bytes.withUnsafeBytes { raw in
      (0..<(bytes.count / 8)).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
    }
  }

  @Test func integersOf64BitsAreCopiedExactly() throws {
    let big: [UInt64] = [.max, .max - 1, (1 << 53) + 1, (1 << 60) + 3, 9_007_199_254_740_993, 7, 1 << 63, 12345]
    let shape = Index3(1, 2, 4)
    // a copy, nearest under a rotation, and a scale of 2 along x that meets voxels and places between
    let identity = AffineMap.identity.rows
    let tilted = [Vector3(1, 0, 0), Vector3(0, 1, 0.01), Vector3(0, -0.01, 1)]
    for (rows, order) in [(identity, 1), (tilted, 0)] {
      let view = twinView(
        id: 0, big, shape: shape, type: .uint64, map: PixelMap(rows: rows, offset: Vector3(0, 0.001, 0.011)
          * (order == 0 ? 1 : 0)), number: { Double($0) })
      let recipe = try FusionRecipe(interpolationOrder: order, outputType: .uint64, context: context(shape))
      let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: Index3(1, 1, 3))
      let out = integers(bytes)
      for i in 0..<8 {
        let p = view.placed.map(Vector3(0, Double(i / 4), Double(i % 4)))
        if (0..<3).allSatisfy({ p[$0] >= 0 && p[$0] <= Double(shape[$0] - 1) }) { #expect(out[i] == big[i], "\(i)") }
      }
      #expect(Array(out[0..<3]) == Array(big[0..<3]))
    }
    let halved = PixelMap(rows: [identity[0], identity[1], Vector3(0, 0, 0.5)], offset: .zero)
    let view = twinView(id: 0, big, shape: shape, type: .uint64, map: halved, number: { Double($0) })
    let recipe = try FusionRecipe(outputType: .uint64, context: context(Index3(1, 2, 7)))
    let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: Index3(1, 2, 7))
    let out = integers(bytes)
    for x in 0..<4 { #expect(out[2 * x] == big[x] && out[7 + 2 * x] == big[4 + x]) }
    #expect(out[1] == .max)
  }

  @Test func maximumComparesIntegersOf64BitsExactly() throws {
    let a: [UInt64] = [(1 << 53) + 1, .max - 1, 1 << 60, 5]
    let b: [UInt64] = [1 << 53, .max, (1 << 60) + 1, 4]
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    for (first, second) in [(a, b), (b, a)] {
      let views = [first, second].enumerated().map {
        twinView(
          id: $0.offset, $0.element, shape: Index3(1, 1, 4), type: .uint64, map: map, number: { Double($0) })
      }
      for (function, expected) in [("max_fusion", zip(a, b).map { max($0, $1) }), ("first_view_wins", first),
        ("last_view_wins", second), ("closest_view_wins", first)]
      {
        let recipe = try FusionRecipe(function: function, outputType: .uint64, context: context(Index3(1, 1, 4)))
        let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(1, 1, 4))
        #expect(bytes == expected.withUnsafeBytes { Array($0) }, "\(function)")
      }
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

  @Test func anInfiniteVoxelSpoilsOnlyItsNeighbourhood() throws {
    var voxels = [Float](repeating: 3, count: 4 * 6)
    voxels[9] = .infinity
    let map = PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0, 0))
    let view = twinView(id: 0, voxels, shape: Index3(1, 4, 6), type: .float32, map: map, number: { Double($0) })
    let recipe = try FusionRecipe(outputType: .uint8, inputTypes: [.float32], context: context(Index3(1, 4, 6)))
    let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: Index3(1, 4, 6))
    #expect(bytes == (0..<24).map { $0 == 9 ? 255 : 3 })
  }

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
          #expect(departures(whole, type, views, twin, volume: volume, size: size(type)) == [], "\(kind) \(type) \(order)")
          #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(1, 3, 5)) == whole)
          #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(3, 4, 6), lends: true) == whole)
        }
      }
    }
  }

  @Test func viewsAreCounted() throws {
    for type in [ElementType.uint16, .float32] {
      for kind in [MapKind.shift, .mirror, .general] {
        var g = SeededGenerator(seed: 30)
        let views = views(kind, type: type, count: 6, nanShare: 0.2, using: &g)
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
        box, views: views, reader: TwinReader(views: []), into: UnsafeMutableRawBufferPointer(rebasing: out[0..<bytes]))
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
      try fuser.fuse(Box3(shape: Index3(2, 2, 2)), views: [view], reader: TwinReader(views: []), into: out)
    }
    #expect(error?.code.rawValue == "block-too-large")
  }
}
