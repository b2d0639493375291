import Fusion
import Geometry
import Views

/// Views that touch no other of their time point and channel, by the boxes around them: where there are some that nobody
/// meant, lengths are in a wrong unit, or a transform is.
///
/// The only view of a time point and channel is none.
enum LoneViews {
  /// Names, in dataset order.
  ///
  /// - Parameters:
  ///   - placements: one for all time points, or one for each.
  ///   - others: numbers of views of which nothing is asked.
  static func names(_ views: [View], _ placements: [PlacedViews], in plan: JobPlan, but others: Set<Int> = []) -> [String] {
    if views.count < 2 { return [] }
    return views.indices.filter { i in
      if others.contains(i) { return false }
      let t = placements[0].seat(of: i).t
      let placement = placements[placements.count > 1 ? t : 0]
      let bounds = PlacedViews.bounds(of: placement.views[i], views[i].level.stack, in: plan.stack)
      guard let box = box(bounds, shape: views[i].level.stack.shape) else { return true }
      let everywhere = Box3(lower: Index3(repeating: -farthest), upper: Index3(repeating: farthest))
      return !placement.hasNeighbour(of: i, touching: box) && placement.hasNeighbour(of: i, touching: everywhere)
    }.map { views[$0].name }
  }

  private static let farthest = 1 << 52

  /// With what lies a voxel beyond its ends, be it one of the view or of the output; nil for one that is too far away to say.
  private static func box(_ bounds: ViewIndex.Entry, shape: Index3) -> Box3? {
    let size = bounds.upper - bounds.lower
    let voxel = pointwiseMax(Vector3(repeating: 1), size / Vector3(pointwiseMax(shape &- 1, Index3(repeating: 1))))
    let (lower, upper) = ((bounds.lower - 1.01 * voxel).rounded(.down), (bounds.upper + 1.01 * voxel).rounded(.up))
    guard (0..<3).allSatisfy({ lower[$0].magnitude < Double(farthest) && upper[$0].magnitude < Double(farthest) }) else { return nil }
    return Box3(lower: Index3(lower), upper: Index3(upper) &+ 1)
  }
}
