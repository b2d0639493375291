import Fusion
import Geometry
import Testing

@Suite struct BuiltinFusionTests {
  private let volume = Index3(4, 7, 13)

  @Test(arguments: allFunctions) func everyFunctionEqualsTheTwin(_ function: String) throws {
    for (i, kind) in [MapKind.shift, .rotationZ, .general].enumerated() {
      for type in [ElementType.int16, .float32] {
        var g = SeededGenerator(seed: UInt64(i))
        let views = randomViews(kind, in: volume, type: type, count: 5, nanShare: 0.1, using: &g)
        let recipe = try FusionRecipe(
          function: function, blendingWidths: Vector3(3, 2, 4), outputType: type, context: context(volume))
        let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        let twin = TwinFuser(function: function, widths: Vector3(3, 2, 4))
        #expect(departures(bytes, type, views, twin, volume: volume, size: numberSize(type)) == [], "\(kind) \(type)")
      }
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

  /// Four views that overlap, some of whose voxels have no value.
  private func overlappingViews(_ kind: MapKind, _ type: ElementType) -> [TwinView] {
    var g = SeededGenerator(seed: 2)
    return (0..<4).map {
      randomView(
        id: $0, type: type, shape: Index3(3, 6, 9),
        map: randomMap(kind, view: Index3(3, 6, 9), volume: volume, using: &g), nanShare: 0.1, using: &g)
    }
  }

  @Test(arguments: allFunctions) func rowsGiveWhatWholeArraysGive(_ function: String) throws {
    let registry = try registryWithArrays()
    for kind in [MapKind.wholeShift, .shift, .scale, .rotationZ, .general] {
      for type in [ElementType.uint16, .float32, .uint32] {
        let views = overlappingViews(kind, type)
        func fuse(_ function: String, block: Index3) throws -> [Double] {
          let recipe = try FusionRecipe(
            function: function, blendingWidths: Vector3(2, 3, 4), outputType: type, context: context(volume),
            registry: registry)
          #expect(recipe.isStreamed == allFunctions.contains(function))
          return numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: block), type)
        }
        let rows = try fuse(function, block: volume)
        let arrays = try fuse(arrayName(of: function), block: Index3(2, 7, 4))
        // weights are normalised before they are used there, and after it here: last bits differ
        let most: Double = type == .uint16 ? 1 : type == .uint32 ? 4000 : 1e-3
        let worst = zip(rows, arrays).map { ($0 - $1).magnitude }.max() ?? .infinity
        #expect(worst <= (function == "weighted_average_fusion" ? most : 0), "\(kind) \(type)")
      }
    }
  }

  /// A user's function may call a built-in one.
  @Test(arguments: allFunctions) func usersMayBuildOnThem(_ function: String) throws {
    var registry = try registryWithArrays()
    try registry.register(Delegating.self)
    for type in [ElementType.uint16, .float32, .uint32] {
      let views = overlappingViews(.general, type)
      func fuse(_ name: String, _ arguments: FunctionArguments = .none) throws -> [Double] {
        let recipe = try FusionRecipe(
          function: name, functionArguments: arguments, blendingWidths: Vector3(2, 3, 4), outputType: type,
          context: context(volume), registry: registry)
        #expect(!recipe.isStreamed)
        return numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume), type)
      }
      let delegated = try fuse("delegating", FunctionArguments(["to": .string(function)]))
      #expect(delegated.contains { $0 != 0 })
      #expect(delegated == (try fuse(arrayName(of: function))))
    }
  }
}

/// A user's function that lets a built-in one do the work.
private struct Delegating: FusionFunction {
  static let name = "delegating"
  let builtin: any FusionFunction

  init(arguments: FunctionArguments) throws(FusionError) {
    builtin = try FusionRegistry.builtin.fusionFunction(
      named: arguments.string("to", default: "max_fusion", of: Self.name))
  }

  func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) throws {
    try builtin.fuse(views, into: output)
  }
  func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) throws {
    try builtin.fuse(views, into: output)
  }
}
