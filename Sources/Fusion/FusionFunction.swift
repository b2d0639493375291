import Geometry

/// The precision in which a job is computed: `Float`, or `Double` where a type of 32 or 64 bits asks for it.
public protocol FusionScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {}
extension Float: FusionScalar {}
extension Double: FusionScalar {}

/// What a function may know of a job before it sees voxels.
public struct FusionContext: Sendable, Hashable {
  /// The whole of level 0.
  public let outputVolume: Box3
  public let outputSpacing: Vector3
  /// Output voxel `i` sits at `outputOrigin + i * outputSpacing`.
  public let outputOrigin: Vector3
  /// False in 2D, and where each z plane is fused for itself: z then has no part in weights, filters or halos.
  public let blendsZ: Bool

  public init(outputVolume: Box3, outputSpacing: Vector3, outputOrigin: Vector3, blendsZ: Bool) {
    (self.outputVolume, self.outputSpacing, self.outputOrigin) = (outputVolume, outputSpacing, outputOrigin)
    self.blendsZ = blendsZ
  }
}

/// The views of one block, resampled to the output's grid. Arrays are lent for the time of the call.
public struct TransformedViews<Scalar: FusionScalar> {
  public let context: FusionContext
  /// The voxels that are asked for; inside `box`.
  public let target: Box3
  /// The voxels that the views' arrays cover: the target and the halo, also beyond the output's faces.
  public let box: Box3
  /// In ascending order of `id`, with their maps, affines and spacings.
  public let views: [PlacedView]
  /// One a view, over `box`; NaN where the view has no value.
  public let values: [VoxelArray<Scalar>]
  /// One a view, over `box`; of sum 1 over the views that have a value, 0 where the view has none. Empty where the
  /// function does not use them.
  public let blendingWeights: [VoxelArray<Float>]
  /// One a view, over the target and the fusion function's own halo; normalised over the views; NaN where the view has
  /// none. Empty without a weights function.
  public let fusionWeights: [VoxelArray<Float>]
}

/// Combines the resampled views of a block into one. Users add their own, see `FusionRegistry`.
///
/// One generic method `func fuse<Scalar: FusionScalar>(_ views: TransformedViews<Scalar>, into: …)` serves both
/// precisions.
public protocol FusionFunction: Sendable {
  static var name: String { get }
  /// Throws for arguments that it does not know or cannot use.
  init(arguments: FunctionArguments) throws(FusionError)
  /// How many voxels around a block the function looks at, along z, y, x.
  func halo(in context: FusionContext) -> Index3
  var usesBlendingWeights: Bool { get }
  /// Without it, a weights function is not even called.
  var usesFusionWeights: Bool { get }
  /// Writes every voxel of `output`, whose box is the target. NaN counts as no value and becomes 0, as does every voxel
  /// at which no view has a value; a block without any such is not even asked for.
  func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) throws
  func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) throws
}

extension FusionFunction {
  public func halo(in context: FusionContext) -> Index3 { Index3(repeating: 0) }
  public var usesBlendingWeights: Bool { true }
  public var usesFusionWeights: Bool { false }
}

/// Says how much each view counts where, from its content. Users add their own, see `FusionRegistry`.
public protocol WeightsFunction: Sendable {
  static var name: String { get }
  init(arguments: FunctionArguments) throws(FusionError)
  /// How many voxels around a voxel its weight depends on, along z, y, x.
  func halo(in context: FusionContext) -> Index3
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
