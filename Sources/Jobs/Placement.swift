import Fusion
import Geometry
import Views

/// The views of one time point, placed in the output, and the index that finds those that touch a block.
struct Placement: Sendable {
  let views: [PlacedView]
  let index: ViewIndex

  /// One for each distinct time point of the transforms: one where no view moves, else one for each `t` of the output.
  static func all(_ views: [View], _ transforms: [[AffineMap]], in plan: JobPlan) throws(JobError) -> [Placement] {
    let count = transforms.map(\.count).max() ?? 1
    var placements: [Placement] = []
    for t in 0..<count {
      placements.append(try Placement(views, transforms.map { $0.count > 1 ? $0[t] : $0[0] }, in: plan))
    }
    return placements
  }

  private init(_ views: [View], _ transforms: [AffineMap], in plan: JobPlan) throws(JobError) {
    var placed: [PlacedView] = []
    var entries: [ViewIndex.Entry] = []
    placed.reserveCapacity(views.count)
    entries.reserveCapacity(views.count)
    for (i, (view, affine)) in zip(views, transforms).enumerated() {
      let stack = view.level.stack
      let map: PixelMap
      do {
        map = try PixelMap(
          affine: affine, viewSpacing: stack.spacing, viewOrigin: stack.origin, outputSpacing: plan.stack.spacing,
          outputOrigin: plan.stack.origin)
      } catch {
        throw .invalid(what: "view \"\(view.name)\": \(error)", hint: "check its transform")
      }
      placed.append(
        PlacedView(
          id: i, map: map, shape: stack.shape, spacing: stack.spacing, affine: affine,
          elementType: view.level.elementType, intensityScale: view.intensityScale,
          intensityOffset: view.intensityOffset))
      let (lower, upper) = StackProperties.bounds(of: stack, affine: affine)
      entries.append(
        ViewIndex.Entry(
          view: i, lower: (lower - plan.stack.origin) / plan.stack.spacing,
          upper: (upper - plan.stack.origin) / plan.stack.spacing))
    }
    self.views = placed
    index = ViewIndex(entries)
  }

  /// The views that may have a value in a box of output voxels, in dataset order.
  func views(touching box: Box3, interpolationOrder: Int) -> [PlacedView] {
    index.views(touching: box).map { views[$0] }.filter { !$0.inputBox(for: box, order: interpolationOrder).isEmpty }
  }
}
