import Geometry

/// The answer to whether a view has a sample at any voxel of a part of the output, by places only: no voxel is read.
extension PlacedView {
  public enum Presence: Sendable { case present, absent, unknown }

  /// Exact: answered by the arithmetic that decides which samples are valid.
  ///
  /// Most views answer by the voxel next to their middle. Only one that does not, and whose axes mix, is looked for row
  /// by row.
  ///
  /// - Parameter rowLimit: how many rows may be looked at; what was is taken off.
  public func presence(in box: Box3, rowLimit: inout Int) -> Presence {
    if box.isEmpty || shape[0] < 1 || shape[1] < 1 || shape[2] < 1 { return .absent }
    if mapClass == .separable {
      let isThere = (0..<3).allSatisfy { axis in
        !AxisLine(self, axis: axis).validRange(in: box.lower[axis]..<box.upper[axis]).isEmpty
      }
      return isThere ? .present : .absent
    }
    guard let inverse = try? AffineMap(rows: map.rows, translation: map.offset).inverse() else { return .unknown }
    let middle = inverse(Vector3(shape &- 1) / 2).rounded(.toNearestOrEven)
    if let index = Index3(exactly: middle), box.contains(Box3(lower: index, upper: index &+ 1)), hasSample(at: index) {
      return .present
    }
    guard let around = outputBox(for: Box3(shape: shape), order: 1) else { return .unknown }
    let rows = around.intersection(box)
    if rows.isEmpty { return .absent }
    for z in rows.lower[0]..<rows.upper[0] {
      rowLimit -= 1
      if rowLimit < 0 { return .unknown }
      for y in rowsWithSamples(z: z, in: rows.lower[1]..<rows.upper[1], x: rows.lower[2]..<rows.upper[2]) {
        rowLimit -= 1
        if rowLimit < 0 { return .unknown }
        if !interval(z: z, y: y, in: rows.lower[2]..<rows.upper[2]).isEmpty { return .present }
      }
    }
    return .absent
  }

  /// Whether a voxel of a box that no view has samples at by its voxels' centres lies within half a voxel of this one
  /// (`edges: filled`).
  ///
  /// - Parameter views: all that have any samples in the box, this one among them.
  public func fillsGap(in box: Box3, among views: [PlacedView], recipe: FusionRecipe) -> Bool {
    let own = places(in: box, of: recipe)
    return EdgeGap.all(in: box, of: views, recipe: recipe).contains {
      !own.interval(z: $0.z, y: $0.y).clamped(to: $0.x).isEmpty
    }
  }

  /// The same by its voxels' centres alone.
  public func corePresence(in box: Box3, rowLimit: inout Int) -> Presence { core.presence(in: box, rowLimit: &rowLimit) }

  private func hasSample(at index: Index3) -> Bool {
    !interval(z: index[0], y: index[1], in: index[2]..<(index[2] + 1)).isEmpty
  }

  /// The x of a row of the output whose samples lie in the view.
  private func interval(z: Int, y: Int, in row: Range<Int>) -> Range<Int> {
    var range = row
    for axis in 0..<3 {
      let start = (map.offset[axis] + map.rows[axis][0] * Double(z)) + map.rows[axis][1] * Double(y)
      range = validInterval(
        offset: start, slope: map.rows[axis][2], from: reach.lower[axis], to: reach.upper[axis], in: range)
    }
    return range
  }

  /// The rows of a plane that may have any, found by the least and largest coordinates along them.
  private func rowsWithSamples(z: Int, in rows: Range<Int>, x: Range<Int>) -> Range<Int> {
    var (lower, upper) = (Double(rows.lowerBound), Double(rows.upperBound - 1))
    for axis in 0..<3 where map.rows[axis][1] != 0 {
      let start = map.offset[axis] + map.rows[axis][0] * Double(z)
      let (first, last) = (map.rows[axis][2] * Double(x.lowerBound), map.rows[axis][2] * Double(x.upperBound - 1))
      // start + slope y + (first ... last) meets the view's reach
      let a = (reach.lower[axis] - max(first, last) - start) / map.rows[axis][1]
      let b = (reach.upper[axis] - min(first, last) - start) / map.rows[axis][1]
      lower = max(lower, min(a, b))
      upper = min(upper, max(a, b))
    }
    // one more on either side for what rounding may have cut off
    guard lower <= upper + 2 else { return rows.lowerBound..<rows.lowerBound }
    let first = max(rows.lowerBound, Int(lower.rounded(.down)) - 1)
    let end = min(rows.upperBound, Int(upper.rounded(.up)) + 2)
    return first < end ? first..<end : rows.lowerBound..<rows.lowerBound
  }
}

extension Index3 {
  /// The index at a place; nil if a number is too large for one.
  fileprivate init?(exactly place: Vector3) {
    guard (0..<3).allSatisfy({ place[$0].magnitude < 0x1p52 }) else { return nil }
    self.init(place)
  }
}
