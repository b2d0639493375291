import Geometry

/// Where a view has samples, and where it counts little: questions that need no voxels.
extension ViewRows {
  /// Instead of reading a patch: rows may then be located and weighed, not sampled. Nothing is known to lack values.
  func beginWithoutVoxels(of view: PlacedView, region: Box3) throws(FusionError) {
    _ = try makeRoom(for: view, box: Box3(shape: Index3(repeating: 0)))
    begin(region: region, content: .voxels)
  }

  /// A box around all samples in the region.
  var sampledBox: Box3 {
    if view.mapClass == .separable {
      return Box3(
        lower: Index3(valid[0].lowerBound, valid[1].lowerBound, valid[2].lowerBound),
        upper: Index3(valid[0].upperBound, valid[1].upperBound, valid[2].upperBound))
    }
    let bounds = view.map.bounds(of: region)
    let last = Vector3(view.shape) - 1
    if (0..<3).allSatisfy({ bounds.lower[$0] >= 0 && bounds.upper[$0] <= last[$0] }) { return region }
    var (lower, upper) = (region.upper, region.lower)
    for z in region.lower[0]..<region.upper[0] {
      for y in region.lower[1]..<region.upper[1] {
        let range = interval(z: z, y: y)
        if range.isEmpty { continue }
        lower = pointwiseMin(lower, Index3(z, y, range.lowerBound))
        upper = pointwiseMax(upper, Index3(z + 1, y + 1, range.upperBound))
      }
    }
    return Box3(lower: lower, upper: upper)
  }

  /// Calls with the parts of rows, if any, that have all blending weights of the region below a limit.
  func forEachRow(below limit: Float, _ body: (_ z: Int, _ y: Int, _ x: Range<Int>) -> Void) {
    var pending = [region]
    var weights = [Float](repeating: 1, count: region.shape[2])
    let last = Vector3(view.shape) - 1
    while let box = pending.popLast() {
      // weights are least at the ends of the view that a box comes next to
      let bounds = view.map.bounds(of: box)
      var t: [Float] = []
      for axis in 0..<3 {
        let low = ramp.folded(min(max(bounds.lower[axis], 0), last[axis]), axis: axis)
        let high = ramp.folded(max(min(bounds.upper[axis], last[axis]), 0), axis: axis)
        t.append(min(low, high))
      }
      // twice the limit leaves room for rounding
      if BlendingRamp.weight(ramp.distance(z: t[0], y: t[1], x: t[2])) >= 2 * limit { continue }
      let axis = box.shape[0] > box.shape[1] ? 0 : 1
      if box.shape[axis] > 1 {
        let middle = box.lower[axis] + box.shape[axis] / 2
        var (first, second) = (box, box)
        (first.upper[axis], second.lower[axis]) = (middle, middle)
        pending += [second, first]
        continue
      }
      let (z, y) = (box.lower[0], box.lower[1])
      let range = interval(z: z, y: y)
      if range.isEmpty || !weigh(z: z, y: y, x: range, into: &weights) { continue }
      if let a = (0..<range.count).first(where: { weights[$0] < limit }),
        let b = (0..<range.count).last(where: { weights[$0] < limit })
      {
        body(z, y, (range.lowerBound + a)..<(range.lowerBound + b + 1))
      }
    }
  }
}
