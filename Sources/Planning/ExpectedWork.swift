import Fusion
import Geometry
import Views

/// What a job is expected to take, roughly: by how much of the output views cover, and how much of them lies there.
package struct ExpectedWork: Sendable {
  /// Voxels of all levels that are no background.
  package let writtenVoxels: Double
  /// Of one core, by measured costs.
  package let coreSeconds: Double

  package init(_ result: Planner.Result, _ coverage: Coverage) {
    let plan = result.plan
    let base = plan.levels[0]
    let covered = coverage.share * Double(base.shape.product)
    let seen = Self.viewVoxels(result)
    writtenVoxels = coverage.share * plan.levels.reduce(0) { $0 + Double($1.shape.product) }
    // weights by content are asked for where views overlap
    let overlapping = plan.fusion.weights == nil ? 0 : min(seen, max(0, seen - covered) * 2)
    var cost = Double(base.grid.total) * MeasuredCosts.perBlock + covered * MeasuredCosts.perVoxel
    let perViewVoxel = MeasuredCosts.perViewVoxel(order: plan.fusion.interpolationOrder)
    cost += seen * perViewVoxel + overlapping * (MeasuredCosts.perContentVoxel - perViewVoxel)
    for level in plan.levels.dropFirst() {
      cost += Double(level.grid.total) * MeasuredCosts.perMeanBlock
      cost += coverage.share * Double(level.shape.product) * MeasuredCosts.perMeanVoxel
    }
    coreSeconds = cost / 1e9
  }

  package func seconds(workers: Int) -> Double { coreSeconds / Double(max(1, workers)) }

  /// Of the output in all views, those in several counted as often.
  private static func viewVoxels(_ result: Planner.Result) -> Double {
    let plan = result.plan
    let volume = Double(plan.stack.shape[0]) * Double(plan.stack.shape[1]) * Double(plan.stack.shape[2])
    var sum = 0.0
    for (view, maps) in zip(result.views, result.transforms) {
      let (stack, map) = (view.level.stack, maps[0])
      // in voxels of the output
      let size = Vector3(stack.shape) * stack.spacing / plan.stack.spacing
      let own = abs(map.determinant) * size[0] * size[1] * size[2]
      let times = view.details.times.indices.count { $0 != nil }
      let channels = view.details.channels.indices.count { $0 != nil }
      sum += min(volume, own.isFinite ? own : volume) * Double(times * channels)
    }
    return sum
  }
}
