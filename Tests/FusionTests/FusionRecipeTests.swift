import Fusion
import Geometry
import Testing

@Suite struct FusionRecipeTests {
  private let place = context(Index3(10, 10, 10))

  private func error(_ body: () throws(FusionError) -> FusionRecipe) -> FusionError? {
    do { _ = try body() } catch { return error }
    return nil
  }

  @Test func optionsAreChecked() {
    let place = place
    #expect(error { () throws(FusionError) in try FusionRecipe(interpolationOrder: 3, outputType: .uint8, context: place) }?.code == "option-invalid")
    #expect(error { () throws(FusionError) in try FusionRecipe(blendingWidths: Vector3(1, -1, 1), outputType: .uint8, context: place) }?.code == "option-invalid")
    #expect(error { () throws(FusionError) in try FusionRecipe(blendingWidths: Vector3(1, .nan, 1), outputType: .uint8, context: place) }?.code == "option-invalid")
    #expect(error { () throws(FusionError) in
      try FusionRecipe(outputType: .float32, intensityRange: IntensityRange(lower: 0, upper: 1), context: place)
    }?.code == "option-invalid")
    #expect(error { () throws(FusionError) in
      try FusionRecipe(outputType: .uint8, intensityRange: IntensityRange(lower: 1, upper: 1), context: place)
    }?.code == "option-invalid")
    #expect(error { () throws(FusionError) in
      try FusionRecipe(outputType: .uint8, context: place, minimumHalo: Index3(0, -1, 0))
    }?.code == "option-invalid")
  }

  @Test func unknownNamesNameTheNearest() {
    let place = place
    #expect(error { () throws(FusionError) in try FusionRecipe(function: "max_fusoin", outputType: .uint8, context: place) }
      == .unknownFunction(kind: "fusion", name: "max_fusoin", suggestion: "max_fusion"))
    #expect(error { () throws(FusionError) in
      try FusionRecipe(function: "max_fusion", weights: "contentbased", outputType: .uint8, context: place)
    } == .unknownFunction(kind: "weights", name: "contentbased", suggestion: "content_based"))
    #expect(error { () throws(FusionError) in
      try FusionRecipe(
        function: "max_fusion", functionArguments: FunctionArguments(["x": .null]), outputType: .uint8, context: place)
    } == .unknownArgument(function: "max_fusion", name: "x", suggestion: nil))
    #expect(FusionError.unknownFunction(kind: "fusion", name: "a", suggestion: "b").hint == "did you mean \"b\"?")
  }

  @Test func halosAddUpAndAreNeverLessThanAsked() throws {
    let content = try FusionRecipe(weights: "content_based", outputType: .uint8, context: place)
    #expect(content.halo == Index3(64, 64, 64))
    #expect(!content.isStreamed)
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
