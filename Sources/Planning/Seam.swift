import Fusion
import Geometry
import Views

/// Neighbours that should touch and leave a black line between them: a row, column or plane of the output lies between
/// the last voxels of one and the first of the other, less than a voxel apart from where they would touch.
///
/// Only views whose axes do not mix are looked at.
struct Seam {
  let first: Int
  let second: Int
  let axis: Axis

  /// Views that are looked at, evenly among all: in a mosaic with seams most tiles have some.
  static let viewLimit = 20_000
  /// Neighbours that are looked at in all, a few seconds. Of views that lie many on each other each has all others.
  static let neighbourLimit = 2_000_000

  /// One for an example; nil where there is none.
  ///
  /// - Parameters:
  ///   - placement: at the first time point.
  ///   - isMoving: whether there are others; then only views that are there at the first are looked at.
  static func first(_ views: [View], _ placement: PlacedViews, in plan: JobPlan, order: Int, isMoving: Bool) -> Seam? {
    var search = SeamSearch(views: views, placement: placement, plan: plan, order: order)
    let step = max(1, (views.count - 1) / viewLimit + 1)
    for i in stride(from: 0, to: views.count, by: step) where !isMoving || views[i].details.times[0] != nil {
      for axis in plan.spatialAxes where search.neighbourCount < neighbourLimit {
        if let seam = search.seam(after: i, along: axis) { return seam }
      }
    }
    return nil
  }
}

private struct SeamSearch {
  let views: [View]
  let placement: PlacedViews
  let plan: JobPlan
  let order: Int
  /// How many were looked at.
  private(set) var neighbourCount = 0
  /// To which places of views are rounded.
  private let tolerance = 1e-6
  /// How far beyond a view's voxel centres it makes voxels of the output, in voxels of the view.
  private let margin: Double

  init(views: [View], placement: PlacedViews, plan: JobPlan, order: Int) {
    (self.views, self.placement, self.plan, self.order) = (views, placement, plan, order)
    margin = plan.fusion.edges == .filled && plan.fusion.product == nil ? 0.5 : 0
  }

  mutating func seam(after i: Int, along axis: Axis) -> Seam? {
    let own = placement.views[i]
    guard own.map.isDiagonal, let lane = axis.spaceLane, let extent = voxels(of: i), !extent.isEmpty else { return nil }
    let voxel = 1 / own.map.rows[lane][lane].magnitude
    let end = bounds(of: i).upper[lane] + margin * voxel
    // touching, their voxels would be one voxel apart
    let reach = end + (2 - 2 * margin) * voxel
    guard end >= 0, reach < 0x1p50 else { return nil }
    let gap = Int((end + tolerance).rounded(.down)) + 1
    let last = min(plan.stack.shape[lane] - 1, Int(reach.rounded(.up)))
    guard gap <= last, Double(gap) < reach else { return nil }
    var beyond = extent
    (beyond.lower[lane], beyond.upper[lane]) = (gap, last + 1)
    for other in neighbours(of: i, touching: beyond) where other.map.isDiagonal {
      let begin = bounds(of: other.id).lower[lane] - margin / other.map.rows[lane][lane].magnitude
      guard begin > Double(gap) + tolerance, begin < reach - tolerance, let theirs = voxels(of: other.id) else { continue }
      var line = extent.intersection(theirs)
      (line.lower[lane], line.upper[lane]) = (gap, gap + 1)
      if line.isEmpty { continue }
      // in the middle of where they meet: a third view may be there
      let middle = line.lower &+ (line.shape &- 1) / 2
      if neighbours(of: i, touching: Box3(lower: middle, upper: middle &+ 1)).isEmpty {
        return Seam(first: i, second: other.id, axis: axis)
      }
    }
    return nil
  }

  private mutating func neighbours(of i: Int, touching box: Box3) -> [PlacedView] {
    let found = placement.neighbours(of: i, touching: box, interpolationOrder: order)
    neighbourCount += found.count
    return found
  }

  private func bounds(of i: Int) -> ViewIndex.Entry {
    PlacedViews.bounds(of: placement.views[i], views[i].level.stack, in: plan.stack)
  }

  /// The voxels of the output that a view covers.
  private func voxels(of i: Int) -> Box3? {
    let bounds = bounds(of: i)
    guard (0..<3).allSatisfy({ bounds.lower[$0].magnitude < 0x1p50 && bounds.upper[$0].magnitude < 0x1p50 }) else { return nil }
    let lower = Index3((bounds.lower - tolerance).rounded(.up))
    return Box3(lower: lower, upper: Index3((bounds.upper + tolerance).rounded(.down)) &+ 1).intersection(Box3(shape: plan.stack.shape))
  }
}
