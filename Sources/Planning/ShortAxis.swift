import Fusion
import Geometry
import Views

/// An axis of the output with a few voxels where the views have many: what a spacing in a wrong unit does.
package struct ShortAxis: Sendable {
  package let axis: Axis
  package let voxelCount: Int
  /// How many there would be with the finest voxels that the views have along the axis.
  package let finestCount: Int

  private static let few = 8
  /// A coarser overview is often meant; this much coarser along one axis seldom is.
  private static let factor = 4

  /// - Parameter finest: the finest resolution of each view.
  static func all(_ finest: [StackProperties], _ placement: PlacedViews, in plan: JobPlan) -> [ShortAxis] {
    plan.spatialAxes.compactMap { axis in
      let lane = axis.spaceLane ?? 0
      let count = plan.stack.shape[lane]
      guard count <= few else { return nil }
      var step = Double.infinity
      for (view, stack) in zip(placement.views, finest) {
        // the axis of the view that runs along this one most
        let row = view.affine.rows[lane]
        let own = (0..<3).max { row[$0].magnitude < row[$1].magnitude } ?? lane
        if stack.shape[own] > 1 { step = min(step, row[own].magnitude * stack.spacing[own]) }
      }
      guard step > 0, step.isFinite else { return nil }
      let finestCount = min(Double(count) * plan.stack.spacing[lane] / step, 1e15)
      return finestCount >= Double(factor * count) ? ShortAxis(axis: axis, voxelCount: count, finestCount: Int(finestCount)) : nil
    }
  }
}
