import Fusion
import Geometry
import Testing

private struct Own: FusionFunction {
  static let name = "own"
  init(arguments: FunctionArguments) throws(FusionError) { try arguments.finish(knowing: ["gain"], of: Self.name) }
  func fuse<Scalar: FusionScalar>(_ views: TransformedViews<Scalar>, into output: MutableVoxelArray<Scalar>) {}
}

@Suite struct FusionRegistryTests {
  @Test func builtinsAreThere() {
    let names = [
      "weighted_average_fusion", "simple_average_fusion", "max_fusion", "min_fusion", "median_fusion", "first_view_wins",
      "last_view_wins", "closest_view_wins",
    ]
    #expect(FusionRegistry.builtin.fusionNamesAsRegistered == names)
    #expect(FusionRegistry.builtin.fusionNames == names.sorted())
    #expect(FusionRegistry.builtin.weightsNames == ["content_based", "content_based_dct"])
  }

  @Test func usersAddTheirsOnce() throws {
    var registry = FusionRegistry.builtin
    try registry.register(Own.self)
    _ = try registry.fusionFunction(named: "own")
    #expect(throws: FusionError.nameTaken(kind: "fusion", name: "own")) { try registry.register(Own.self) }
    #expect(throws: FusionError.nameTaken(kind: "weights", name: "content_based")) {
      try registry.register(ContentBasedWeights.self)
    }
    #expect(throws: FusionError.unknownFunction(kind: "fusion", name: "own", known: FusionRegistry.builtin.fusionNames)) {
      try FusionRegistry.builtin.fusionFunction(named: "own")
    }
    #expect(throws: FusionError.unknownArgument(function: "own", name: "gian", known: ["gain"])) {
      try registry.fusionFunction(named: "own", arguments: FunctionArguments(["gian": .number(1)]))
    }
  }
}
