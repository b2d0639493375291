import Fusion
import Geometry
import JSON
import Zarr

/// From a plan to what the arithmetic needs.
package enum FusionSetup {
  package static func recipe(for plan: JobPlan, inputTypes: [ElementType], registry: FusionRegistry) throws(JobError)
    -> FusionRecipe
  {
    try recipe(
      plan.fusion, context: context(plan.fusion, stack: plan.stack, is3D: plan.is3D), outputType: plan.outputType,
      inputTypes: inputTypes, background: plan.background, registry: registry)
  }

  /// The functions of a plan as far as they do not hang on the types of voxels: their halo, and what they look at.
  static func functions(of fusion: FusionPlan, registry: FusionRegistry, stack: StackProperties) throws(JobError) -> FusionRecipe {
    // a range hangs on the output's type
    var fusion = fusion
    fusion.intensityRange = nil
    return try recipe(
      fusion, context: context(fusion, stack: stack, is3D: true), outputType: .float32, inputTypes: [],
      registry: registry)
  }

  /// The user's own way to run blocks, where the job names one.
  package static func batchFunction(of output: OutputPlan, registry: FusionRegistry) throws(JobError) -> (any BatchFunction)? {
    guard let name = output.batchFunction else { return nil }
    do throws(FusionError) {
      return try registry.batchFunction(named: name, arguments: arguments(output.batchArguments))
    } catch {
      throw .invalid(what: error.description, hint: error.hint)
    }
  }

  private static func context(_ fusion: FusionPlan, stack: StackProperties, is3D: Bool) -> FusionContext {
    FusionContext(
      outputVolume: Box3(shape: stack.shape), outputSpacing: stack.spacing, outputOrigin: stack.origin,
      blendsZ: is3D && !fusion.isPlanewise)
  }

  private static func recipe(
    _ fusion: FusionPlan, context: FusionContext, outputType: ElementType, inputTypes: [ElementType],
    background: [UInt8]? = nil, registry: FusionRegistry
  ) throws(JobError) -> FusionRecipe {
    do throws(FusionError) {
      if fusion.weights == nil, !fusion.weightsArguments.isEmpty {
        try checkUnused(arguments(fusion.weightsArguments), registry)
      }
      return try FusionRecipe(
        function: fusion.function,
        functionArguments: arguments(fusion.functionArguments), weights: fusion.weights,
        weightsArguments: arguments(fusion.weightsArguments), blendingWidths: fusion.blendingWidths,
        interpolationOrder: fusion.interpolationOrder, rounding: RoundingMode(rawValue: fusion.rounding) ?? .nearest,
        outputType: outputType, inputTypes: inputTypes,
        intensityRange: fusion.intensityRange.map { IntensityRange(lower: $0[0], upper: $0[1]) }, background: background, context: context,
        minimumHalo: fusion.overlap, registry: registry)
    } catch {
      throw .invalid(what: error.description, hint: error.hint)
    }
  }

  /// Arguments that nothing takes are still checked, by the functions that would.
  private static func checkUnused(_ arguments: FunctionArguments, _ registry: FusionRegistry) throws(FusionError) {
    do throws(FusionError) {
      _ = try registry.weightsFunction(named: ContentBasedWeights.name, arguments: arguments)
    } catch {
      guard case .unknownArgument = error,
        (try? registry.weightsFunction(named: ContentBasedDCTWeights.name, arguments: arguments)) != nil
      else { throw error }
    }
  }

  private static func arguments(_ values: [String: JSONText]) -> FunctionArguments {
    FunctionArguments(values.mapValues { argument($0.value) })
  }

  private static func argument(_ value: JSONValue) -> FunctionArguments.Value {
    if let list = value.array { return .list(list.map(argument)) }
    if let map = value.object { return .map(map.mapValues(argument)) }
    if let bool = value.bool { return .bool(bool) }
    if let number = value.double { return .number(number) }
    if let string = value.string { return .string(string) }
    return .null
  }
}
