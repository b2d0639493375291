import Fusion
import Geometry
import Views

/// How much of the output any view covers: the rest is background.
///
/// Exact for views whose axes are those of the output, where that takes little; else asked at points of a coarse grid. Of
/// many time points and channels some are looked at, evenly.
package struct Coverage: Sendable {
  /// From 0 to 1.
  package let share: Double
  package let isExact: Bool

  /// Points that are asked.
  private static let pointLimit = 50_000
  /// Time points and channels that are looked at.
  private static let cellLimit = 16
  /// - Parameter placements: one for all time points, or one for each.
  init(_ views: [View], _ placements: [PlacedViews], in plan: JobPlan) {
    let isUniform = placements.count == 1 && views.allSatisfy { $0.details.times.isWhole && $0.details.channels.isWhole }
    let total = isUniform ? 1 : plan.timeCount * plan.channelCount
    let step = ceilDivide(total, Self.cellLimit)
    let cells = stride(from: 0, to: total, by: step).map { (t: $0 / plan.channelCount, c: $0 % plan.channelCount) }
    var (shares, exact) = ([Double](), step == 1)
    let volume = plan.stack.shape
    for (t, c) in cells {
      let placement = placements[placements.count > 1 ? t : 0]
      let there = views.indices.filter { isUniform || (views[$0].details.times[t] != nil && views[$0].details.channels[c] != nil) }
      if let boxes = Self.boxes(there, placement, plan), let count = BoxUnion.voxelCount(of: boxes) {
        shares.append(Double(count) / (Double(volume[0]) * Double(volume[1]) * Double(volume[2])))
      } else {
        exact = false
        shares.append(Self.sampledShare(placement, t: t, c: c, in: plan, limit: Self.pointLimit / cells.count))
      }
    }
    share = shares.reduce(0, +) / Double(max(1, shares.count))
    isExact = exact
  }

  /// The voxels that each view covers; nil where one is turned.
  private static func boxes(_ wanted: [Int], _ placement: PlacedViews, _ plan: JobPlan) -> [Box3]? {
    var boxes: [Box3] = []
    for i in wanted {
      guard let box = placement.views[i].sampledBox(in: Box3(shape: plan.stack.shape)) else { return nil }
      boxes.append(box)
    }
    return boxes
  }

  private static func sampledShare(_ placement: PlacedViews, t: Int, c: Int, in plan: JobPlan, limit: Int) -> Double {
    let shape = plan.stack.shape
    var counts = Index3(repeating: 1)
    // the axis whose points are farthest apart gets more
    while true {
      let lanes = (0..<3).filter { counts[$0] < shape[$0] }
      guard let lane = lanes.max(by: { shape[$0] / counts[$0] < shape[$1] / counts[$1] }) else { break }
      var more = counts
      more[lane] = min(shape[lane], counts[lane] * 2)
      guard more[0] * more[1] * more[2] <= limit else { break }
      counts = more
    }
    var covered = 0
    for point in Box3(shape: counts).positions {
      // the middle of each cell
      let at = Index3((Vector3(point) + 0.5) / Vector3(counts) * Vector3(shape))
      let box = Box3(lower: at, upper: at &+ 1)
      if !placement.views(touching: box, t: t, c: c, interpolationOrder: plan.fusion.interpolationOrder).isEmpty { covered += 1 }
    }
    return Double(covered) / Double(counts[0] * counts[1] * counts[2])
  }
}

extension Planner.Result {
  /// Some seconds at most.
  package var coverage: Coverage { Coverage(views, placements, in: plan) }
}
