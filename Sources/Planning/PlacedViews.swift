import Fusion
import Geometry
import Views

/// The views of one time point, or of all, placed in the output, and the indices that find those that touch a block.
///
/// A view that has only one time point, or one channel, is in the index of that time point and channel: a series of
/// thousands of views asks only those of its own.
package struct PlacedViews: Sendable {
  /// By their number.
  let views: [PlacedView]
  private let cells: [Cell: ViewIndex]
  /// The time points and channels of views that have some and lack others.
  private let partial: [Int: (times: SeriesMap, channels: SeriesMap)]
  /// The first time point and channel of each view that lacks any.
  private let seat: [Int: (t: Int, c: Int)]

  /// Voxels by which a view's box is made larger, beyond its edge: its place is rounded.
  private static let indexSlack = 0.1

  /// Nil: every one.
  private struct Cell: Hashable {
    var t: Int?
    var c: Int?
  }

  /// One for each distinct time point of the transforms: one where no view moves, else one for each `t` of the output.
  package static func all(_ views: [View], _ transforms: [[AffineMap]], in plan: JobPlan) throws(JobError) -> [PlacedViews] {
    let count = transforms.map(\.count).max() ?? 1
    var placements: [PlacedViews] = []
    for t in 0..<count {
      placements.append(try PlacedViews(views, transforms.map { $0.count > 1 ? $0[t] : $0[0] }, in: plan))
    }
    return placements
  }

  private init(_ views: [View], _ transforms: [AffineMap], in plan: JobPlan) throws(JobError) {
    var placed: [PlacedView] = []
    var entries: [Cell: [ViewIndex.Entry]] = [:]
    var partial: [Int: (SeriesMap, SeriesMap)] = [:]
    var seat: [Int: (Int, Int)] = [:]
    placed.reserveCapacity(views.count)
    let ranks = plan.fusion.ranks(count: views.count)
    for (i, (view, affine)) in zip(views, transforms).enumerated() {
      let stack = view.level.stack
      let own: PlacedView
      do {
        own = try Self.place(view, number: i, affine, rank: ranks?[i], in: plan)
      } catch {
        throw .invalid(what: "view \"\(view.name)\": \(error)", hint: "check its transform")
      }
      placed.append(own)
      let (times, channels) = (view.details.times, view.details.channels)
      // the index only has to find all: who really has a voxel in a block is asked of each
      let edge = affine.reach(of: own.overhang * stack.spacing) / plan.stack.spacing
      let bounds = Self.bounds(of: own, stack, in: plan.stack)
      entries[Cell(t: times.only, c: channels.only), default: []].append(
        ViewIndex.Entry(
          view: i, lower: bounds.lower - edge - Self.indexSlack, upper: bounds.upper + edge + Self.indexSlack))
      if times.isWhole && channels.isWhole { continue }
      seat[i] = (times.first ?? 0, channels.first ?? 0)
      let isInItsCell = (times.isWhole || times.only != nil) && (channels.isWhole || channels.only != nil)
      if !isInItsCell { partial[i] = (times, channels) }
    }
    self.views = placed
    cells = entries.mapValues { ViewIndex($0) }
    (self.partial, self.seat) = (partial, seat)
  }

  /// A view where a job puts it.
  ///
  /// - Parameter rank: its place among views of which the first or the last wins; nil: that in the dataset.
  package static func place(_ view: View, number: Int, _ affine: AffineMap, rank: Int? = nil, in plan: JobPlan)
    throws(GeometryError) -> PlacedView
  {
    let stack = view.level.stack
    let map = try PixelMap(
      affine: affine, viewSpacing: stack.spacing, viewOrigin: stack.origin, outputSpacing: plan.stack.spacing,
      outputOrigin: plan.stack.origin)
    return PlacedView(
      id: number, map: map, shape: stack.shape, spacing: stack.spacing, affine: affine,
      elementType: view.level.elementType, intensityScale: view.intensityScale, intensityOffset: view.intensityOffset,
      nodata: view.details.correction?.nodata?.bytes(as: view.level.elementType),
      hasCorrection: view.details.correction?.hasImages == true, rank: rank, widths: plan.fusion.blendingWidths,
      blending: plan.fusion.product,
      blendsZ: plan.is3D && !plan.fusion.isPlanewise, edges: plan.fusion.edges ?? .reference)
  }

  /// The box of a view in output indices. A view on one plane is where that is.
  static func bounds(of view: PlacedView, _ stack: StackProperties, in output: StackProperties) -> ViewIndex.Entry {
    var (lower, upper) = StackProperties.bounds(of: stack, affine: view.affine)
    (lower, upper) = ((lower - output.origin) / output.spacing, (upper - output.origin) / output.spacing)
    if view.isOnPlane { (lower[0], upper[0]) = (0 - view.map.offset[0], 0 - view.map.offset[0]) }
    return ViewIndex.Entry(view: view.id, lower: lower, upper: upper)
  }

  /// The views that may have a value in a box of output voxels at one time point and channel, in dataset order.
  package func views(touching box: Box3, t: Int, c: Int, interpolationOrder: Int) -> [PlacedView] {
    var found: [Int] = []
    var cellCount = 0
    for index in indices(t: t, c: c) {
      let part = index.views(touching: box)
      if part.isEmpty { continue }
      cellCount += 1
      found += part
    }
    if cellCount > 1 { found.sort() }
    return found.lazy.filter { has($0, t: t, c: c) }.map { views[$0] }
      .filter { !$0.inputBox(for: box, order: interpolationOrder).isEmpty }
  }

  /// Those that touch a box where and when a view is.
  func neighbours(of view: Int, touching box: Box3, interpolationOrder: Int) -> [PlacedView] {
    let (t, c) = seat(of: view)
    return views(touching: box, t: t, c: c, interpolationOrder: interpolationOrder)
  }

  /// Whether another view's bounds meet a box where and when a view is.
  func hasNeighbour(of view: Int, touching box: Box3) -> Bool {
    let (t, c) = seat(of: view)
    return indices(t: t, c: c).contains { $0.anyView(touching: box) { $0 != view && has($0, t: t, c: c) } }
  }

  /// How many views have the time point and channel, wherever they lie.
  package func viewCount(t: Int, c: Int) -> Int {
    // of those that are asked for, too, where they have neither
    let lacking = partial.values.count { times, channels in
      (times.only ?? t) == t && (channels.only ?? c) == c && (times[t] == nil || channels[c] == nil)
    }
    return indices(t: t, c: c).reduce(0) { $0 + $1.count } - lacking
  }

  /// A time point and channel that a view has.
  func seat(of view: Int) -> (t: Int, c: Int) { seat[view] ?? (0, 0) }

  /// Whether any view's bounds meet the box; true may also be wrong.
  package func anyView(touching box: Box3, t: Int, c: Int) -> Bool {
    indices(t: t, c: c).contains { $0.anyView(touching: box) }
  }

  private func indices(t: Int, c: Int) -> [ViewIndex] {
    [Cell(t: nil, c: nil), Cell(t: t, c: nil), Cell(t: nil, c: c), Cell(t: t, c: c)].compactMap { cells[$0] }
  }

  private func has(_ view: Int, t: Int, c: Int) -> Bool {
    guard let (times, channels) = partial[view] else { return true }
    return times[t] != nil && channels[c] != nil
  }
}
