import Diagnostics
import Fusion
import Geometry
import Testing

@Suite struct FusionRecipeTests {
  private let place = context(Index3(10, 10, 10))

  private func error(
    _ function: String = "max_fusion", arguments: FunctionArguments = .none, weights: String? = nil,
    widths: Vector3 = Vector3(1, 1, 1), order: Int = 1, type: ElementType = .uint8, range: IntensityRange? = nil,
    halo: Index3 = Index3(0, 0, 0)
  ) -> FusionError? {
    do {
      _ = try FusionRecipe(
        function: function, functionArguments: arguments, weights: weights, blendingWidths: widths,
        interpolationOrder: order, outputType: type, intensityRange: range, context: place, minimumHalo: halo)
    } catch { return error }
    return nil
  }

  @Test func optionsAreChecked() {
    #expect(error() == nil)
    #expect(error(order: 5) == nil)
    #expect(error(order: 6)?.code.rawValue == "option-invalid")
    #expect(error(order: -1)?.code.rawValue == "option-invalid")
    #expect(error(widths: Vector3(1, -1, 1))?.code.rawValue == "option-invalid")
    #expect(error(widths: Vector3(1, .nan, 1))?.code.rawValue == "option-invalid")
    #expect(error(type: .float32, range: IntensityRange(lower: 0, upper: 1))?.code.rawValue == "option-invalid")
    #expect(error(range: IntensityRange(lower: 1, upper: 1))?.code.rawValue == "option-invalid")
    #expect(error(halo: Index3(0, -1, 0))?.code.rawValue == "option-invalid")
  }

  @Test func unknownNamesNameTheNearest() {
    #expect(error("max_fusoin") == .unknownFunction(kind: "fusion", name: "max_fusoin", known: FusionRegistry.builtin.fusionNames))
    #expect(
      error(weights: "contentbased")
        == .unknownFunction(kind: "weights", name: "contentbased", known: FusionRegistry.builtin.weightsNames))
    #expect(
      error(arguments: FunctionArguments(["x": .null]))
        == .unknownArgument(function: "max_fusion", name: "x", known: []))
    #expect(
      FusionError.unknownFunction(kind: "fusion", name: "maxx", known: ["max", "min"]).hint == "did you mean \"max\"? there are max, min")
  }

  @Test func halosAddUpAndAreNeverLessThanAsked() throws {
    let content = try FusionRecipe(weights: "content_based", outputType: .uint8, context: place)
    #expect(content.halo == Index3(64, 64, 64))
    #expect(content.isStreamed)
    let planes = try FusionRecipe(
      weights: "content_based", outputType: .uint8, context: context(Index3(1, 10, 10), blendsZ: false),
      minimumHalo: Index3(2, 70, 0))
    #expect(planes.halo == Index3(2, 70, 64))
    // weights that nobody uses need no halo
    let largest = try FusionRecipe(function: "max_fusion", weights: "content_based", outputType: .uint8, context: place)
    #expect(largest.halo == Index3(0, 0, 0) && largest.weights == nil && largest.isStreamed)
  }

  @Test func precisionIsThatOfTheWidestType() throws {
    func usesDouble(_ output: ElementType, _ inputs: [ElementType]) throws -> Bool {
      try FusionRecipe(outputType: output, inputTypes: inputs, context: place).usesDouble
    }
    #expect(try !usesDouble(.uint16, []))
    #expect(try !usesDouble(.float32, [.uint8, .float16]))
    #expect(try usesDouble(.uint8, [.uint8, .uint32]))
    #expect(try usesDouble(.float64, [.uint8]))
  }
}
