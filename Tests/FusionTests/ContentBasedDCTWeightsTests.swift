import Diagnostics
import Fusion
import Geometry
import Testing

@Suite struct ContentBasedDCTWeightsTests {
  private let volume = Index3(7, 13, 18)

  private func views(
    _ kind: MapKind, count: Int = 3, nanShare: Double = 0, seed: UInt64, type: ElementType = .float32,
    shape: Index3 = Index3(7, 11, 15)
  ) -> [TwinView] {
    var g = SeededGenerator(seed: seed)
    return (0..<count).map {
      randomView(
        id: $0, type: type, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g),
        nanShare: nanShare, using: &g)
    }
  }

  private func arguments(
    _ size: Index3, _ exponent: Double = 1, _ fraction: Double? = 0.5
  ) -> FunctionArguments {
    let sizes: [String: FunctionArguments.Value] = [
      "z": .number(Double(size[0])), "y": .number(Double(size[1])), "x": .number(Double(size[2])),
    ]
    return FunctionArguments([
      "dct_size": .map(sizes), "exponent": .number(exponent), "otf_support_fraction": fraction.map { .number($0) } ?? .null,
    ])
  }

  private func recipe(
    _ arguments: FunctionArguments, function: String = "weighted_average_fusion", type: ElementType = .float32,
    blendsZ: Bool = true, volume: Index3? = nil
  ) throws -> FusionRecipe {
    try FusionRecipe(
      function: function, weights: "content_based_dct", weightsArguments: arguments, blendingWidths: Vector3(2, 3, 3),
      outputType: type, context: context(volume ?? self.volume, blendsZ: blendsZ), registry: registryWithArrays())
  }

  @Test(arguments: MapKind.allCases) func equalsTheDefinition(_ kind: MapKind) throws {
    for (i, (size, exponent, fraction, blendsZ, nanShare)) in [
      (Index3(4, 4, 4), 1.0, 0.5 as Double?, true, 0.0), (Index3(3, 5, 8), 2, 0.9, true, 0.1), (Index3(32, 32, 32), 0.5, 1.3, true, 0),
      (Index3(4, 4, 4), 1, nil, true, 0.05), (Index3(2, 6, 4), 2, nil, false, 0), (Index3(4, 5, 6), 1, 0.7, false, 0.3),
    ].enumerated() {
      for count in [2, 3] {
        let views = views(kind, count: count, nanShare: nanShare, seed: UInt64(10 * i + count))
        let recipe = try recipe(arguments(size, exponent, fraction), blendsZ: blendsZ)
        let fused = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume), .float32)
        let expected = TwinTileFuser(
          size: size, exponent: exponent, fraction: fraction, volume: volume,
          twin: TwinFuser(widths: Vector3(2, 3, 3), blendsZ: blendsZ)
        ).fuse(views)
        let far = fused.indices.filter { (fused[$0] - (expected[$0] ?? 0)).magnitude > 0.1 }
        #expect(far.isEmpty, "\(i) \(count): \(far.count), first \(far.prefix(3).map { (fused[$0], expected[$0] ?? 0) })")
        #expect(expected.contains { ($0 ?? 0) != 0 })
      }
    }
  }

  @Test func doesNotDependOnBlocks() throws {
    for (i, (kind, nanShare, fraction)) in [
      (MapKind.shift, 0.0, 0.5 as Double?), (.general, 0.05, 0.5), (.wholeShift, 0, nil), (.rotationZ, 0.3, nil),
    ].enumerated() {
      // some lie beside each other, so that blocks know of different ones
      let views = views(kind, count: 6, nanShare: nanShare, seed: UInt64(20 + i), shape: Index3(5, 8, 9))
      for function in ["weighted_average_fusion", arrayName(of: "weighted_average_fusion")] {
        let recipe = try recipe(arguments(Index3(3, 4, 3), 1, fraction), function: function)
        #expect(recipe.isStreamed == (function == "weighted_average_fusion"))
        let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        let fuser = BlockFuser(recipe: recipe)
        for block in [Index3(2, 4, 5), Index3(7, 3, 3), Index3(1, 1, 18)] {
          #expect(try fuseInBlocks(fuser, views, block: block) == whole, "\(kind) \(block) \(function)")
        }
      }
    }
  }

  /// Resampled copies of whole views give the very same voxels.
  @Test(arguments: MapKind.allCases) func wholeArraysGiveWhatRowsGive(_ kind: MapKind) throws {
    for (type, blendsZ) in [(ElementType.uint16, true), (.uint32, true), (.int16, false)] {
      let views = views(kind, count: 4, seed: 31, type: type)
      func fused(_ function: String) throws -> [UInt8] {
        let recipe = try recipe(arguments(Index3(4, 4, 4)), function: function, type: type, blendsZ: blendsZ)
        return try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(4, 7, 18))
      }
      let rows = try fused("weighted_average_fusion")
      #expect(try rows == fused(arrayName(of: "weighted_average_fusion")), "\(type)")
      #expect(rows.contains { $0 != 0 })
    }
  }

  /// Of two views that have the same tile, the one with more structure counts alone in it.
  @Test func theSharperViewWins() throws {
    var g = SeededGenerator(seed: 5)
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    let sharp = randomView(id: 0, type: .uint16, shape: volume, map: map, using: &g)
    let dull = twinView(
      id: 1, [UInt16](repeating: 777, count: 7 * 13 * 18), shape: volume, type: .uint16, map: map, number: { Double($0) })
    let fuser = BlockFuser(recipe: try recipe(.none, type: .uint16))
    #expect(try fuseInBlocks(fuser, [sharp, dull], block: volume) == sharp.bytes)
    // flat tiles, also of tiny differences to 0, have none at all: the border decides
    let flat = (0..<2).map { id in
      twinView(
        id: id, [Float](repeating: 1000.1, count: 7 * 13 * 18), shape: volume, type: .float32, map: map, number: { Double($0) })
    }
    let fused = numbers(try fuseInBlocks(BlockFuser(recipe: try recipe(.none)), flat, block: volume), .float32)
    #expect(fused.allSatisfy { ($0 - 1000.1).magnitude < 1e-3 })
  }

  @Test func numbersWithoutASizeDoNoHarm() throws {
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    func view(_ id: Int, _ value: (Int) -> Float) -> TwinView {
      twinView(id: id, (0..<(7 * 13 * 18)).map(value), shape: volume, type: .float32, map: map, number: { Double($0) })
    }
    // nearly the largest number there is: its sums are none
    let huge = view(0) { $0 % 2 == 0 ? 3e38 : -3e38 }
    let odd = view(1) { $0 % 3 == 0 ? .infinity : Float($0) }
    let plain = view(2) { Float($0 % 7) }
    for fraction in [0.5, nil] {
      let fuser = BlockFuser(recipe: try recipe(arguments(Index3(4, 4, 4), 1, fraction)))
      let fused = numbers(try fuseInBlocks(fuser, [huge, odd, plain], block: volume), .float32)
      #expect(fused.allSatisfy { !$0.isNaN })
      let tame = numbers(try fuseInBlocks(fuser, [odd, plain], block: volume), .float32)
      #expect(tame.indices.allSatisfy { tame[$0].isFinite || $0 % 3 == 0 })
    }
  }

  @Test func theHaloIsLessThanOneAndAHalfTiles() throws {
    #expect(try recipe(.none, volume: Index3(100, 100, 100)).halo == Index3(47, 47, 47))
    #expect(try recipe(.none, blendsZ: false, volume: Index3(100, 100, 100)).halo == Index3(0, 47, 47))
    // no tile is larger than the output
    #expect(try recipe(.none, volume: Index3(1, 20, 100)).halo == Index3(0, 29, 47))
    #expect(try recipe(arguments(Index3(2, 3, 5)), volume: Index3(9, 9, 9)).halo == Index3(2, 3, 6))
    #expect(try recipe(.none, function: "max_fusion").halo == Index3(0, 0, 0))
  }

  @Test func memoryIsForetoldAndTooMuchIsRefused() throws {
    let shape = Index3(200, 300, 300)
    let box = Box3(lower: Index3(70, 70, 70), upper: Index3(120, 130, 140))
    let views = (0..<3).map {
      PlacedView(
        id: $0, map: PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0.5, 3 * Double($0))), shape: shape,
        spacing: Vector3(1, 1, 1), affine: .identity, elementType: .uint16)
    }
    let recipe = try recipe(arguments(Index3(16, 16, 16)), type: .uint16, volume: shape)
    let all = BlockFuser.arenaByteCount(recipe: recipe, box: box, views: views)
    // of all views patches and weights, and a row of tiles with the voxels it is made of
    let least = 3 * (2 + 4) * box.count + (4 + 2) * 16 * 16 * 100
    #expect(all >= least && all < 3 * least, "\(all) \(least)")
    // one view alone is not weighed
    #expect(BlockFuser.arenaByteCount(recipe: recipe, box: box, views: [views[0]]) < 4 * box.count)
    let twins = self.views(.shift, seed: 2, type: .uint16)
    for function in ["weighted_average_fusion", arrayName(of: "weighted_average_fusion")] {
      let fuser = BlockFuser(recipe: try self.recipe(.none, function: function, type: .uint16), arenaByteLimit: 20_000)
      let error = #expect(throws: FusionError.self) { try fuseInBlocks(fuser, twins, block: volume) }
      #expect(error?.code.rawValue == "block-too-large")
    }
  }

  @Test func argumentsAreChecked() {
    func make(_ values: [String: FunctionArguments.Value]) throws(FusionError) -> ContentBasedDCTWeights {
      try ContentBasedDCTWeights(arguments: FunctionArguments(values))
    }
    func isRefused(_ name: String, _ value: FunctionArguments.Value, with more: [String: FunctionArguments.Value] = [:]) -> Bool {
      do throws(FusionError) {
        _ = try make([name: value].merging(more) { a, _ in a })
      } catch {
        guard case .invalidArgument(_, let refused, _) = error else { return false }
        return refused == name
      }
      return false
    }
    let plain = try? make([:])
    #expect(plain?.size == Index3(32, 32, 32) && plain?.exponent == 1 && plain?.supportFraction == 0.5)
    #expect((try? make(["dct_size": .map(["y": .number(8)])]))?.size == Index3(32, 8, 32))
    #expect((try? make(["otf_support_fraction": .null, "exponent": .number(2)]))?.exponent == 2)
    let all = try? make(["otf_support_fraction": .null])
    #expect(all != nil && all?.supportFraction == nil)
    let sizes: [FunctionArguments.Value] = [
      .number(0), .number(-3), .number(2.5), .number(.nan), .number(1e9), .string("x"), .map(["t": .number(3)]), .map(["x": .number(0)]),
      .map(["x": .string("3")]), .list([.number(3)]), .null,
    ]
    for size in sizes { #expect(isRefused("dct_size", size), "\(size)") }
    for exponent in [-1, .nan, .infinity] as [Double] { #expect(isRefused("exponent", .number(exponent))) }
    #expect(isRefused("exponent", .number(0.5), with: ["otf_support_fraction": .null]))
    for fraction in [0, -1, .nan, .infinity] as [Double] { #expect(isRefused("otf_support_fraction", .number(fraction))) }
    #expect(
      throws: FusionError.unknownArgument(
        function: "content_based_dct", name: "dctsize", known: ["dct_size", "exponent", "otf_support_fraction"])
    ) { try make(["dctsize": .number(3)]) }
  }
}
