import Geometry

/// The views of one block, resampled to the output's grid. All arrays are in the order z, y, x, and lent for the time of the
/// call.
public struct TransformedViews<Scalar: FusionScalar> {
  public let context: FusionContext
  /// How many views the job has at this time point and channel, wherever they lie.
  public let viewCount: Int
  /// The output voxels that are asked for; inside `box`.
  public let target: Box3
  /// The voxels that the views' arrays cover: the target and the halo, also beyond the output's faces.
  public let box: Box3
  /// The views that touch `box`, with their maps, affines and spacings, in ascending order of `id`.
  public let views: [PlacedView]
  /// An array of values for each view, over `box`; NaN where the view has no value.
  public let values: [VoxelArray<Scalar>]
  /// An array of blending weights for each view, over `box`: of sum 1 over the views that have a value, 0 where the view has
  /// none. Empty if the function does not use them.
  public let blendingWeights: [VoxelArray<Float>]
  /// An array of fusion weights for each view, over the target and the fusion function's own halo: normalised over the views,
  /// NaN where the view has none. Empty without a weights function.
  public let fusionWeights: [VoxelArray<Float>]
}
