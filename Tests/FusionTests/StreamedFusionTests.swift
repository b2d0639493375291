import Fusion
import Geometry
import Testing

@Suite struct StreamedFusionTests {
  private let volume = Index3(4, 7, 13)

  /// The weighted mean of one number is that number, as far as a double goes.
  @Test(arguments: [MapKind.wholeShift, .shift, .general]) func constantsOfManyBitsSurviveAnAverage(_ kind: MapKind) throws {
    let shape = Index3(4, 6, 12)
    for (type, value) in [(ElementType.uint32, 4_000_000_001), (.uint64, 1 << 53), (.int64, -(1 << 52) - 1)] as [(ElementType, Int64)] {
      for weights in [nil, "content_based"] {
        var g = SeededGenerator(seed: 81)
        let views = (0..<4).map { id -> TwinView in
          let map = randomMap(kind, view: shape, volume: volume, using: &g)
          if type == .uint32 {
            let stored = [UInt32](repeating: UInt32(value), count: 288)
            return twinView(id: id, stored, shape: shape, type: type, map: map, number: { Double($0) })
          }
          let stored = [Int64](repeating: value, count: 288)
          return twinView(id: id, stored, shape: shape, type: type, map: map, number: { Double($0) })
        }
        let average = "weighted_average_fusion"
        for function in [average, arrayName(of: average)] {
          let recipe = try FusionRecipe(
            function: function, weights: weights,
            weightsArguments: weights == nil
              ? .none : FunctionArguments(["sigma_1": .number(0.5), "sigma_2": .number(0.5)]),
            blendingWidths: Vector3(3, 2, 4), outputType: type, context: context(volume),
            registry: registryWithArrays())
          let fused = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume), type)
          // one rounding of each sum, and one of their quotient
          let worst = fused.filter { $0 != 0 }.map { ($0 - Double(value)).magnitude }.max() ?? 0
          #expect(worst <= (type == .uint32 ? 0 : 4), "\(type) \(weights ?? "")")
          #expect(fused.contains { $0 != 0 })
        }
      }
    }
  }
}
