import Geometry

/// What a part of the output needs of a view whose samples are those of a spline.
struct SplineBoxes {
  /// The coefficients. The box may go on beyond the view's ends, where they are those in the mirror.
  let taps: Box3
  /// The voxels that the coefficients are made of, clipped to the view.
  let voxels: Box3
  /// How far to each side the voxels of a coefficient lie: 0 along axes that need no spline.
  let reach: Index3
}

extension PlacedView {
  /// Whether all samples lie on voxels along an axis, so that nothing is interpolated along it.
  package func isWhole(_ axis: Int) -> Bool {
    let (slope, offset) = (map.rows[axis][axis], map.offset[axis])
    func isInteger(_ number: Double) -> Bool { number.magnitude < 0x1p52 && number == number.rounded() }
    switch mapClass {
    case .separable where slope == 1: return AxisLine(self, axis: axis).isWholeShift
    case .separable: return isInteger(slope) && isInteger(offset)
    case .plane: return axis == 0 && isInteger(slope) && isInteger(offset)
    case .general: return false
    }
  }

  /// The spline that samples are taken from in a job of an order; nil if they are nearest or linear. A view whose samples all are
  /// voxels needs none.
  func spline(order: Int) -> Spline? {
    if order < 2 || (0..<3).allSatisfy(isWhole) { return nil }
    return Spline.of(order: order)
  }

  /// The spline that samples in a box of the output are taken from, and what it needs; nil if there are none, or they are nearest
  /// or linear.
  func boxes(for output: Box3, order: Int) -> (spline: Spline, boxes: SplineBoxes)? {
    guard let spline = spline(order: order) else { return nil }
    let linear = sampledBox(for: output, order: order)
    if linear.isEmpty { return nil }
    var taps = linear
    var voxels = linear
    var reach = Index3(repeating: 0)
    let bounds = map.bounds(of: output)
    for axis in 0..<3 where !isWhole(axis) {
      let last = Double(shape[axis] - 1)
      // more than any order of summing coordinates could move a sample
      let slack = 1e-3
      let first = min(max(bounds.lower[axis], 0), last) + spline.raise - slack
      let end = max(min(bounds.upper[axis], last), 0) + spline.raise + slack
      taps.lower[axis] = Int(first.rounded(.down)) - spline.centre
      taps.upper[axis] = Int(end.rounded(.down)) + spline.tapCount - spline.centre
      reach[axis] = spline.reach
      // what lies beyond the ends is seen in the mirrors that stand on them
      let (from, to) = (taps.lower[axis] - spline.reach, taps.upper[axis] - 1 + spline.reach)
      voxels.lower[axis] = max(0, min(from, 2 * (shape[axis] - 1) - to))
      voxels.upper[axis] = min(shape[axis], max(to, -from) + 1)
    }
    return (spline, SplineBoxes(taps: taps, voxels: voxels, reach: reach))
  }
}
