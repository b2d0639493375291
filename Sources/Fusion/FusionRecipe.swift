import Geometry

/// The way in which computed values become integers.
public enum RoundingMode: String, CaseIterable, Sendable, Codable {
  /// The nearest integer, ties to even.
  case nearest
  /// The next integer toward zero, as the reference does.
  case truncate
}

/// A linear rescale of intensities: `lower` becomes 0 and `upper` the largest value of the output's integer type.
public struct IntensityRange: Hashable, Sendable, Codable {
  public let lower: Double
  public let upper: Double

  public init(lower: Double, upper: Double) { (self.lower, self.upper) = (lower, upper) }
}

/// Everything that decides what a fused voxel is, apart from the views themselves; the same for all blocks of a job.
public struct FusionRecipe: Sendable {
  public let function: any FusionFunction
  /// The weights function; nil without one, and if the fusion function has no use for it.
  public let weights: (any WeightsFunction)?
  /// The widths of the blending ramps along z, y, x, in world units; 0 means no ramp along that axis.
  public let blendingWidths: Vector3
  /// The order of interpolation: 0 nearest, 1 linear, 2 to 5 B-splines.
  public let interpolationOrder: Int
  package static let interpolationOrders = 0...5
  public let rounding: RoundingMode
  public let outputType: ElementType
  /// The element types of the views; decide, with the output's, the precision of the whole job.
  public let inputTypes: [ElementType]
  public let intensityRange: IntensityRange?
  /// The bytes of a voxel where no view has a value; nil: all of them are 0.
  public let background: [UInt8]?
  public let context: FusionContext
  /// How many voxels around a block are computed for its sake.
  public let halo: Index3
  let fusionHalo: Index3

  /// - Parameters:
  ///   - inputTypes: of all views of the job; without them, the output's alone.
  ///   - blendingWidths: physical; 0 means no ramp along that axis.
  ///   - minimumHalo: `overlap_in_pixels`.
  public init(
    function name: String = WeightedAverageFusion.name, functionArguments: FunctionArguments = .none,
    weights weightsName: String? = nil, weightsArguments: FunctionArguments = .none,
    blendingWidths: Vector3 = Vector3(3, 10, 10), interpolationOrder: Int = 1, rounding: RoundingMode = .nearest,
    outputType: ElementType, inputTypes: [ElementType] = [], intensityRange: IntensityRange? = nil,
    background: [UInt8]? = nil, context: FusionContext, minimumHalo: Index3 = Index3(repeating: 0), registry: FusionRegistry = .builtin
  ) throws(FusionError) {
    guard Self.interpolationOrders.contains(interpolationOrder) else {
      throw .invalidOption(name: "interpolation_order", why: "\(interpolationOrder) is not a whole number from 0 to 5")
    }
    for axis in 0..<3 where !(blendingWidths[axis] >= 0 && blendingWidths[axis].isFinite) {
      throw .invalidOption(
        name: "blending_widths", why: "\(blendingWidths[axis]) along \(Axis.space[axis]) is not a length")
    }
    if let range = intensityRange {
      guard outputType.isInteger else {
        throw .invalidOption(name: "intensity_range", why: "it needs an integer output, not \(outputType.rawValue)")
      }
      guard range.lower.isFinite, range.upper.isFinite, range.upper != range.lower,
        (range.upper - range.lower).isFinite
      else {
        throw .invalidOption(name: "intensity_range", why: "\(range.lower), \(range.upper) is no range")
      }
    }
    for axis in 0..<3 where minimumHalo[axis] < 0 {
      throw .invalidOption(name: "overlap_in_pixels", why: "\(minimumHalo[axis]) is negative")
    }
    let function = try registry.fusionFunction(named: name, arguments: functionArguments)
    // an unknown weights function is an error also where it would not be called
    let weights: (any WeightsFunction)? =
      if let weightsName { try registry.weightsFunction(named: weightsName, arguments: weightsArguments) } else { nil }
    self.function = function
    self.weights = function.usesFusionWeights ? weights : nil
    (self.blendingWidths, self.interpolationOrder, self.rounding) = (blendingWidths, interpolationOrder, rounding)
    (self.outputType, self.intensityRange, self.context) = (outputType, intensityRange, context)
    self.background = background?.count == outputType.byteCount ? background : nil
    self.inputTypes = inputTypes.isEmpty ? [outputType] : inputTypes
    fusionHalo = pointwiseMax(function.halo(in: context), Index3(repeating: 0))
    let weightsHalo = self.weights?.halo(in: context) ?? Index3(repeating: 0)
    halo = pointwiseMax(fusionHalo &+ pointwiseMax(weightsHalo, Index3(repeating: 0)), minimumHalo)
  }

  /// Whether the job is computed in `Double`.
  public var usesDouble: Bool { (inputTypes + [outputType]).contains(where: \.needsDouble) }

  /// Whether blocks go row by row, without a resampled copy of each view.
  public var isStreamed: Bool { streamedFunction != nil }

  /// The function that blocks are fused by row by row: a built-in one, unless weights ask for whole arrays.
  var streamedFunction: (any BuiltinFusion)? {
    guard weights != nil else { return function as? any BuiltinFusion }
    return contentFusion?.function
  }

  /// A built-in function with built-in weights, which a row needs only if it has more than one view.
  var contentFusion: (function: any ContentFusion, weights: any BuiltinWeights)? {
    guard let function = function as? any ContentFusion, let weights = builtinWeights else { return nil }
    return (function, weights)
  }

  /// Whether blending weights have a part in voxels.
  public var usesBlendingWeights: Bool { function.usesBlendingWeights || weights?.usesBlendingWeights == true }

  var builtinWeights: (any BuiltinWeights)? { weights as? any BuiltinWeights }

  /// Whether views without any value fuse to the background. Of a user's own function nothing is assumed.
  public var keepsGaps: Bool { function is any BuiltinFusion }

  /// Whether views that are 0 everywhere, unscaled, always fuse to the background: it is 0, and no rescale moves 0.
  public var keepsZero: Bool {
    keepsGaps && background == nil && intensityRange.map { $0.lower >= 0 } ?? true
  }

  var outputConversion: OutputConversion {
    OutputConversion(type: outputType, rounding: rounding, range: intensityRange, background: background)
  }
}

extension ElementType {
  var needsDouble: Bool {
    switch self {
    case .uint8, .int8, .uint16, .int16, .float16, .float32: false
    case .uint32, .int32, .uint64, .int64, .float64: true
    }
  }
}
