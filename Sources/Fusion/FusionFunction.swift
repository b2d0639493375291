import Geometry

/// The precision in which a job is computed: `Float`, or `Double` if the views or the output have a type of 32 or 64 bits that
/// `Float` would round.
public protocol FusionScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {}
extension Float: FusionScalar {}
extension Double: FusionScalar {}

/// Combines the resampled views of a block into one. Users add their own, see `FusionRegistry`.
///
/// One generic method `func fuse<Scalar: FusionScalar>(_ views: TransformedViews<Scalar>, into: …)` serves both
/// precisions.
public protocol FusionFunction: Sendable {
  /// The name in options.
  static var name: String { get }
  /// Throws for arguments that it does not know or cannot use.
  init(arguments: FunctionArguments) throws(FusionError)
  /// How many voxels around a block the function looks at, to each side, along z, y, x.
  func halo(in context: FusionContext) -> Index3
  /// Whether `fuse` looks at blending weights.
  var usesBlendingWeights: Bool { get }
  /// Whether `fuse` looks at fusion weights. If not, a weights function is not even called.
  var usesFusionWeights: Bool { get }
  /// Names of views, where their order counts: `PlacedView.rank` then has their places in it. Others come after, in the
  /// dataset's order.
  var viewOrder: [String] { get }
  /// Writes every voxel of `output`, whose box is the target. NaN counts as no value and becomes 0, as does every voxel
  /// at which no view has a value; a block without any such is not even asked for.
  func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) throws
  func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) throws
}

extension FusionFunction {
  public func halo(in context: FusionContext) -> Index3 { Index3(repeating: 0) }
  public var usesBlendingWeights: Bool { true }
  public var usesFusionWeights: Bool { false }
  public var viewOrder: [String] { [] }
}
