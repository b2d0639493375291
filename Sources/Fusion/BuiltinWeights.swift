import Geometry

/// Built-in weights by a view's content: made by a filter of each view's numbers alone, so that a job that goes row by row
/// needs them only where views overlap. Users' weights functions see whole arrays of all views.
protocol BuiltinWeights: WeightsFunction {
  /// The filter that makes the weights; its memory stays from one view, and one block, to the next.
  func makeFilter(_ context: FusionContext) -> DetailFilter

  /// The memory in bytes that the filter takes for weights over `wanted` of one view after the other.
  ///
  /// - Parameter gaps: whether views may lack values anywhere, so that coverage is computed voxel by voxel.
  func scratchByteCount(wanted: Box3, context: FusionContext, gaps: Bool) -> Int
}
