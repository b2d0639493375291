import Geometry

/// A stretch of a row of the output at which no view has samples by its voxels' centres, and some view lies within half a
/// voxel (`edges: filled`).
struct EdgeGap {
  let z: Int
  let y: Int
  var x: Range<Int>

  /// The gaps of a box, in the order of its rows.
  ///
  /// - Parameter views: all that have any samples in the box.
  static func all(in box: Box3, of views: [PlacedView], recipe: FusionRecipe) -> [EdgeGap] {
    let order = recipe.interpolationOrder
    let filled = views.filter { $0.isFilled && !$0.inputBox(for: box, order: order).isEmpty }
    let cores = filled.map(\.core).filter { !$0.inputBox(for: box, order: order).isEmpty }
    if filled.isEmpty || cores.contains(where: { $0.sampledBox(in: box) == box }) { return [] }
    let (wide, narrow) = (filled.map { $0.places(in: box, of: recipe) }, cores.map { $0.places(in: box, of: recipe) })
    let places = wide + narrow
    let row = box.lower[2]..<box.upper[2]
    var gaps: [EdgeGap] = []
    for z in box.lower[0]..<box.upper[0] {
      var y = box.lower[1]
      while y < box.upper[1] {
        let end = min(box.upper[1], places.map { $0.endOfRowsAlike(from: y) }.min() ?? box.upper[1])
        let covered = merged(narrow.map { $0.interval(z: z, y: y) })
        let reached = merged(wide.map { $0.interval(z: z, y: y) })
        let parts = without(covered, row).flatMap { gap in
          reached.map { $0.clamped(to: gap) }.filter { !$0.isEmpty }
        }
        if !parts.isEmpty {
          for y in y..<end { gaps += parts.map { EdgeGap(z: z, y: y, x: $0) } }
        }
        y = end
      }
    }
    return gaps
  }

  /// Ranges that hold what some ranges hold, in order, each apart from the next.
  private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }

  /// What of a range none of some ordered ranges hold.
  private static func without(_ ranges: [Range<Int>], _ whole: Range<Int>) -> [Range<Int>] {
    var (result, from): ([Range<Int>], Int) = ([], whole.lowerBound)
    for range in ranges {
      if from < range.lowerBound { result.append(from..<range.lowerBound) }
      from = max(from, range.upperBound)
    }
    if from < whole.upperBound { result.append(from..<whole.upperBound) }
    return result
  }
}

extension [EdgeGap] {
  /// A box around all of them.
  var bounds: Box3 {
    guard let first else { return Box3(lower: Index3(repeating: 0), upper: Index3(repeating: 0)) }
    var box = Box3(
      lower: Index3(first.z, first.y, first.x.lowerBound), upper: Index3(first.z + 1, first.y + 1, first.x.upperBound))
    for gap in self {
      box.lower = pointwiseMin(box.lower, Index3(gap.z, gap.y, gap.x.lowerBound))
      box.upper = pointwiseMax(box.upper, Index3(gap.z + 1, gap.y + 1, gap.x.upperBound))
    }
    return box
  }

  var voxelCount: Int { reduce(0) { $0 + $1.x.count } }

  /// Those before a plane of an axis, and the others; a gap that lies on both sides is cut.
  func split(axis: Int, at middle: Int) -> (before: [EdgeGap], after: [EdgeGap]) {
    var (before, after): ([EdgeGap], [EdgeGap]) = ([], [])
    for gap in self {
      if axis < 2 {
        if (axis == 0 ? gap.z : gap.y) < middle { before.append(gap) } else { after.append(gap) }
        continue
      }
      var (low, high) = (gap, gap)
      low.x = gap.x.clamped(to: Int.min..<middle)
      high.x = gap.x.clamped(to: middle..<Int.max)
      if !low.x.isEmpty { before.append(low) }
      if !high.x.isEmpty { after.append(high) }
    }
    return (before, after)
  }
}
