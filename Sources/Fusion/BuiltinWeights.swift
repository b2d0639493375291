import Geometry

/// Built-in weights by the views' content. A job that goes row by row makes them only where views overlap (`BlockWeights`);
/// users' weights functions see whole arrays of all views.
protocol BuiltinWeights: WeightsFunction {
  /// The memory in bytes that making the weights over `wanted` takes, of one view after the other.
  ///
  /// - Parameters:
  ///   - views: how many views are weighed.
  ///   - gaps: whether views may lack values anywhere, so that coverage is computed voxel by voxel.
  func scratchByteCount(wanted: Box3, context: FusionContext, views: Int, gaps: Bool) -> Int
}
