import Geometry

/// Weights of views by their content. Users add their own, see `FusionRegistry`.
///
/// One generic method `func weigh<Scalar: FusionScalar>(_ views: TransformedViews<Scalar>, into: …)` serves both precisions.
public protocol WeightsFunction: Sendable {
  /// The name in options.
  static var name: String { get }
  /// Throws for arguments that it does not know or cannot use.
  init(arguments: FunctionArguments) throws(FusionError)
  /// How many voxels around a voxel its weight depends on, to each side, along z, y, x.
  func halo(in context: FusionContext) -> Index3
  /// Whether `weigh` looks at blending weights.
  var usesBlendingWeights: Bool { get }
  /// Writes the weights of each view, not negative and not normalised (that is done for it); NaN is no weight.
  /// `weights[k]` belongs to `views.views[k]`; all have the same box, a halo away from the border of `views.box`.
  func weigh(_ views: TransformedViews<Float>, into weights: [MutableVoxelArray<Float>]) throws
  func weigh(_ views: TransformedViews<Double>, into weights: [MutableVoxelArray<Float>]) throws
}

extension WeightsFunction {
  public func halo(in context: FusionContext) -> Index3 { Index3(repeating: 0) }
  public var usesBlendingWeights: Bool { true }
}
