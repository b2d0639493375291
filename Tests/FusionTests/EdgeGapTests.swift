import Fusion
import Geometry
import Testing

/// `edges: filled`.
@Suite struct EdgeGapTests {
  private let volume = Index3(5, 9, 30)
  private let widths = Vector3(3, 2, 4)

  private func views(_ kind: MapKind, _ type: ElementType, nanShare: Double = 0, seed: UInt64) -> [TwinView] {
    var g = SeededGenerator(seed: seed &+ 700)
    return (0..<4).map { id in
      let shape = Index3(
        [1, 3].randomElement(using: &g) ?? 1, [4, 6].randomElement(using: &g) ?? 4, [1, 5, 9].randomElement(using: &g) ?? 1)
      return randomView(
        id: id, type: type, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g),
        spacing: Vector3(2, 1, 0.5), nanShare: nanShare, scale: id == 3 ? 0.5 : 1, using: &g
      ).placed(edges: .filled)
    }
  }

  /// How many voxels are filled: made of views, none of which covers them by its voxels' centres.
  private func filledCount(_ views: [TwinView]) -> Int {
    let (twin, filled) = (TwinFuser(widths: widths), TwinFuser(widths: widths, fillsEdges: true))
    return Box3(shape: volume).positions.count { twin.fuse(views, $0) == nil && filled.fuse(views, $0) != nil }
  }

  @Test(arguments: MapKind.allCases) func voxelsAreThoseOfTheTwin(_ kind: MapKind) throws {
    var filled = 0
    for seed in 0..<3 as Range<UInt64> {
      for (type, order, nanShare) in [(ElementType.uint16, 1, 0), (.uint8, 0, 0), (.float32, 1, 0.1), (.float32, 0, 0.1), (.int64, 1, 0)]
        as [(ElementType, Int, Double)]
      {
        let views = views(kind, type, nanShare: nanShare, seed: seed)
        filled += filledCount(views)
        for function in seed == 0 ? allFunctions : ["weighted_average_fusion", "last_view_wins"] {
          let recipe = try FusionRecipe(
            function: function, blendingWidths: widths, interpolationOrder: order, outputType: type, context: context(volume))
          let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
          let twin = TwinFuser(function: function, widths: widths, order: order, fillsEdges: true)
          #expect(departures(whole, type, views, twin, volume: volume, size: numberSize(type)) == [], "\(function) \(type) \(seed)")
          for block in [Index3(2, 5, 11), Index3(5, 1, 4)] {
            #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: block, lends: true) == whole, "\(function) \(type)")
          }
          // patches that may not be large are read in parts
          #expect(try fuseInBlocks(BlockFuser(recipe: recipe, patchByteLimit: 50), views, block: volume) == whole)
        }
      }
    }
    // rows that lie on whole voxels leave nothing between
    #expect(kind == .wholeShift ? filled == 0 : filled > 20, "\(filled)")
  }

  /// What views cover by their voxels' centres is bit for bit what it is without.
  @Test(arguments: MapKind.allCases) func coveredVoxelsStayAsTheyAre(_ kind: MapKind) throws {
    let views = views(kind, .float32, nanShare: 0.05, seed: 9)
    for (function, weights) in [
      ("weighted_average_fusion", nil), ("weighted_average_fusion", "content_based"),
      (arrayName(of: "weighted_average_fusion"), "content_based"),
    ] as [(String, String?)] {
      let recipe = try FusionRecipe(
        function: function, weights: weights,
        weightsArguments: weights == nil ? .none : FunctionArguments(["sigma_1": .number(0.5), "sigma_2": .number(0.8)]),
        blendingWidths: widths, outputType: .float32, context: context(volume), registry: registryWithArrays())
      let filled = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume), .float32)
      let plain = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views.map { $0.placed() }, block: volume), .float32)
      // beyond the ends of views blending alone decides
      let twin = TwinFuser(widths: widths, fillsEdges: true)
      for (i, index) in Box3(shape: volume).positions.enumerated() {
        let isCovered = views.contains { TwinFuser().place($0, index) != nil }
        let expected = isCovered ? plain[i] : twin.fuse(views, index) ?? 0
        #expect((filled[i] - expected).magnitude <= (isCovered ? 0 : 0.01), "\(index) \(function): \(filled[i]), not \(expected)")
      }
      let blocks = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(3, 4, 7)), .float32)
      let moved = Box3(shape: volume).positions.enumerated().filter { blocks[$0.offset] != filled[$0.offset] }
      #expect(moved.isEmpty, "\(function) \(weights ?? ""): \(moved.map { "\($0.element) \(blocks[$0.offset]) \(filled[$0.offset])" })")
      let before = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views.map { $0.placed() }, block: Index3(3, 4, 7)), .float32)
      #expect(before == plain)
    }
  }

  /// A function that gets whole arrays has the same voxels.
  @Test(arguments: [MapKind.shift, .scale, .rotationZ, .general]) func arraysAreFilledAlike(_ kind: MapKind) throws {
    for type in [ElementType.uint16, .float32] {
      let views = views(kind, type, nanShare: type == .float32 ? 0.1 : 0, seed: 4)
      for function in allFunctions {
        func fuse(_ name: String, halo: Int = 0, block: Index3) throws -> [Double] {
          let recipe = try FusionRecipe(
            function: name, blendingWidths: widths, outputType: type, context: context(volume),
            minimumHalo: Index3(repeating: halo), registry: registryWithArrays())
          return numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: block), type)
        }
        let rows = try fuse(function, block: volume)
        for (halo, block) in [(0, volume), (2, Index3(2, 4, 7))] {
          let arrays = try fuse(arrayName(of: function), halo: halo, block: block)
          let worst = zip(rows, arrays).map { ($0 - $1).magnitude }.max() ?? .infinity
          #expect(worst <= (function == "weighted_average_fusion" ? type == .uint16 ? 1 : 1e-3 : 0), "\(function) \(type) \(halo)")
        }
      }
    }
  }

  @Test(arguments: [MapKind.shift, .mirror, .general]) func viewsAreCounted(_ kind: MapKind) throws {
    for type in [ElementType.uint16, .float32] {
      let views = views(kind, type, nanShare: type == .float32 ? 0.2 : 0, seed: 6)
      let fuser = BlockFuser(recipe: try FusionRecipe(outputType: type, context: context(volume)))
      var out = [UInt8](repeating: 0xCD, count: volume[0] * volume[1] * volume[2])
      try out.withUnsafeMutableBytes {
        _ = try fuser.countViews(Box3(shape: volume), views: views.map(\.placed), reader: TwinReader(views: views), as: .uint8, into: $0)
      }
      let twin = TwinFuser(fillsEdges: true)
      for (i, index) in Box3(shape: volume).positions.enumerated() {
        #expect(Int(out[i]) == twin.samples(views, index).count, "\(index) \(type)")
      }
    }
  }

  /// Tiles that touch with a drift leave no line; half a voxel is the end of it.
  @Test(arguments: [(8.004, true), (8.5, true), (8.9, false), (9, false)]) func tilesThatTouch(second: Double, isClosed: Bool) throws {
    let volume = Index3(1, 3, 17)
    let views = [0, second].enumerated().map { i, place in
      twinView(
        id: i, (0..<24).map { UInt16(100 * (i + 1) + $0 % 8) }, shape: Index3(1, 3, 8), type: .uint16,
        map: PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0, -place)), number: { Double($0) }
      ).placed(edges: .filled)
    }
    let fuser = BlockFuser(recipe: try FusionRecipe(outputType: .uint16, context: context(volume)))
    let row = numbers(try fuseInBlocks(fuser, views, block: volume), .uint16).prefix(17)
    // beyond the last voxel's half there is nothing
    #expect((row[8] != 0) == isClosed && row[7] == 107, "\(row)")
    if isClosed { #expect(row[8] == 200) }
  }

  /// A view of one plane is on one plane, as without.
  @Test func viewsOfOnePlaneStayOnTheirPlane() throws {
    let view = twinView(
      id: 0, [UInt8](repeating: 7, count: 12), shape: Index3(1, 3, 4), type: .uint8,
      map: PixelMap(rows: AffineMap.identity.rows, offset: Vector3(-1.4, 0, 0)), number: { Double($0) }
    ).placed(edges: .filled)
    let fuser = BlockFuser(recipe: try FusionRecipe(outputType: .uint8, context: context(Index3(4, 3, 4))))
    let planes = numbers(try fuseInBlocks(fuser, [view], block: Index3(4, 3, 4)), .uint8)
    #expect((0..<4).map { planes[12 * $0] } == [0, 7, 0, 0])
  }
}
