import Fusion
import Geometry
import Testing

/// The order of views of which the first or the last wins.
@Suite struct FirstViewWinsTests {
  private let volume = Index3(4, 7, 13)

  @Test(arguments: [MapKind.wholeShift, .shift, .rotationZ, .general]) func ranksDecide(_ kind: MapKind) throws {
    let order = FunctionArguments(["order": .list([.string("c"), .string("a")])])
    for (type, nanShare) in [(ElementType.uint16, 0), (.float32, 0.3), (.uint64, 0)] as [(ElementType, Double)] {
      for ranks in [[0, 1, 2, 3], [1, 4, 0, 5], [3, 2, 1, 0]] {
        var g = SeededGenerator(seed: 12)
        let views = ranks.enumerated().map { id, rank in
          randomView(
            id: id, type: type, shape: Index3(3, 6, 9), map: randomMap(kind, view: Index3(3, 6, 9), volume: volume, using: &g),
            nanShare: nanShare, using: &g
          ).placed(rank: rank)
        }
        for function in ["first_view_wins", "last_view_wins"] {
          let recipe = try FusionRecipe(
            function: function, functionArguments: order, outputType: type, context: context(volume))
          #expect(recipe.function.viewOrder == ["c", "a"])
          let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
          #expect(
            departures(whole, type, views, TwinFuser(function: function), volume: volume, size: numberSize(type)) == [], "\(type) \(ranks)")
          #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(2, 3, 5), lends: true) == whole)
          // and by way of whole arrays
          var registry = FusionRegistry.builtin
          try registry.register(Wrapped.self)
          let arrays = try FusionRecipe(
            function: Wrapped.name, functionArguments: FunctionArguments(["of": .string(function), "order": .list([.string("c")])]),
            outputType: type, context: context(volume), registry: registry)
          // which know no integers of 64 bits
          if type != .uint64 { #expect(try fuseInBlocks(BlockFuser(recipe: arrays), views, block: volume) == whole) }
        }
      }
    }
  }

  @Test func namesAreRead() throws {
    func names(_ value: FunctionArguments.Value?) throws -> [String] {
      try FirstViewWins(arguments: FunctionArguments(value.map { ["order": $0] } ?? [:])).viewOrder
    }
    #expect(try names(nil) == [] && names(.string("tile_1")) == ["tile_1"])
    #expect(try names(.list([.string("b"), .number(7)])) == ["b", "7"])
    for wrong in [FunctionArguments.Value.bool(true), .number(0.5), .list([.list([])]), .null] {
      #expect(throws: FusionError.self) { try names(wrong) }
    }
    #expect(throws: FusionError.self) { try MaxFusion(arguments: FunctionArguments(["order": .list([])])) }
  }
}

/// A user's function that calls a built-in one.
private struct Wrapped: FusionFunction {
  static let name = "wrapped"
  private let inner: any FusionFunction

  init(arguments: FunctionArguments) throws(FusionError) {
    var values = arguments.values
    values["of"] = nil
    inner = try FusionRegistry.builtin.fusionFunction(
      named: try arguments.string("of", default: "", of: Self.name), arguments: FunctionArguments(values))
  }

  func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) throws { try inner.fuse(views, into: output) }
  func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) throws { try inner.fuse(views, into: output) }
}
