import Fusion
import Geometry
import Views

/// Which views have no voxel in the output: those that lie between its voxels or beyond its end, and those that the part
/// of the world that was asked for leaves out on purpose.
///
/// Places decide, not values. What it costs does not grow with voxels: nearly all views answer by their ends or their
/// middle, and for the rest there is a limit on rows that are looked at.
struct ViewPresence {
  /// Names, in dataset order.
  private(set) var withoutVoxels: [String] = []
  /// The numbers of views that were left out on purpose.
  private(set) var outsideRegionIndices: Set<Int> = []
  var outsideRegion: Int { outsideRegionIndices.count }
  /// How many views the limit left unanswered.
  private(set) var unknownCount = 0

  /// Some seconds.
  static let rowLimit = 20_000_000

  /// - Parameter isRegion: whether a part of the world was asked for.
  init(
    _ views: [View], _ placements: [PlacedViews], in plan: JobPlan, recipe: FusionRecipe, isRegion: Bool, rowLimit: Int = Self.rowLimit
  ) {
    var rowLimit = rowLimit
    let volume = Box3(shape: plan.stack.shape)
    for (i, view) in views.enumerated() {
      // at each time point that it has
      let own = placements.lazy.enumerated().filter { t, _ in placements.count == 1 || view.details.times[t] != nil }
      func answer(_ box: (PlacedView) -> Box3?) -> PlacedView.Presence {
        var isUnknown = false
        for (_, placement) in own {
          let placed = placement.views[i]
          guard let box = box(placed) else {
            isUnknown = true
            continue
          }
          switch placed.corePresence(in: box, rowLimit: &rowLimit) {
          case .present: return .present
          case .unknown: isUnknown = true
          case .absent:
            switch Self.fillsGap(i, placed, in: box, placement, recipe, rowLimit: &rowLimit) {
            case .present: return .present
            case .unknown: isUnknown = true
            case .absent: break
            }
          }
        }
        return isUnknown ? .unknown : .absent
      }
      switch answer({ _ in volume }) {
      case .present: continue
      case .unknown: unknownCount += 1
      case .absent:
        // on a grid without an end it would have some, or it is somewhere else altogether
        let isElsewhere = own.allSatisfy { !PlacedViews.bounds(of: $1.views[i], view.level.stack, in: plan.stack).meets(volume) }
        if isRegion, isElsewhere || answer({ $0.outputBox(for: Box3(shape: $0.shape), order: 1) }) == .present {
          outsideRegionIndices.insert(i)
        } else {
          withoutVoxels.append(view.name)
        }
      }
    }
  }
}

extension ViewPresence {
  /// Whether a view without any voxel by its voxels' centres makes voxels that lie between views (`edges: filled`).
  private static func fillsGap(
    _ i: Int, _ placed: PlacedView, in box: Box3, _ placement: PlacedViews, _ recipe: FusionRecipe, rowLimit: inout Int
  ) -> PlacedView.Presence {
    guard let around = placed.outputBox(for: Box3(shape: placed.shape), order: recipe.interpolationOrder)?.intersection(box),
      !placed.inputBox(for: around, order: recipe.interpolationOrder).isEmpty
    else { return .absent }
    let rowCount = around.shape[0] * around.shape[1]
    guard rowCount <= rowLimit else { return .unknown }
    rowLimit -= rowCount
    let others = placement.neighbours(of: i, touching: around, interpolationOrder: recipe.interpolationOrder)
    return placed.fillsGap(in: around, among: others, recipe: recipe) ? .present : .absent
  }
}

extension ViewIndex.Entry {
  /// Whether it comes within half a voxel of a box of voxels.
  fileprivate func meets(_ box: Box3) -> Bool {
    all(lower .<= Vector3(box.upper) - 0.5) && all(upper .>= Vector3(box.lower) - 0.5)
  }
}
