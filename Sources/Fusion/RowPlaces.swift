import Geometry

/// The rows of a region of the output as they lie in one view: which voxels have samples, and how much those count. No voxel
/// of the view is read.
///
/// There is one type for maps whose axes do not mix, `SeparablePlaces`, and one for all others, `MixedPlaces`. They are not
/// generic, so that calls through the protocol, one or two a row, cost little.
protocol RowPlaces: AnyObject {
  var view: PlacedView { get }
  /// The output voxels whose rows are asked for.
  var region: Box3 { get }
  var ramp: BlendingRamp { get }

  /// The output x of a row whose samples lie in the view.
  func interval(z: Int, y: Int) -> Range<Int>

  /// Writes the blending weights of output x in `range`, which lies in the row's interval. Returns false, and writes
  /// nothing, if all are 1.
  func weigh(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool

  /// A box of the output around all samples in the region.
  var sampledBox: Box3 { get }

  /// The end of the rows of a plane, from y on, that have the same interval; no further than the region's.
  func endOfRowsAlike(from y: Int) -> Int

  /// The voxel of the view that the sample of an output voxel is; nil if the sample is interpolated.
  func storedVoxel(z: Int, y: Int, x: Int) -> Index3?
}

extension PlacedView {
  /// The rows of a region of the output as they lie in this view.
  func places(in region: Box3, of recipe: FusionRecipe) -> any RowPlaces {
    mapClass == .separable
      ? SeparablePlaces(view: self, region: region, recipe: recipe)
      : MixedPlaces(view: self, region: region, recipe: recipe)
  }
}

extension BlendingRamp {
  /// The ramp of a view in a job.
  init(_ view: PlacedView, _ recipe: FusionRecipe) {
    self.init(
      shape: view.shape, spacing: view.spacing, widths: recipe.blendingWidths,
      blendsZ: recipe.context.blendsZ && !view.isOnPlane)
  }
}

extension RowPlaces {
  /// The weight at a place in the view, between its first and last voxels.
  func weight(at p: Vector3) -> Float {
    if let product = view.product { return product.weight(at: p) }
    return BlendingRamp.weight(
      ramp.distance(z: ramp.folded(p[0], axis: 0), y: ramp.folded(p[1], axis: 1), x: ramp.folded(p[2], axis: 2)))
  }

  /// A lower bound of the weights in a box of places in the view: they are least at the ends of the view that the box
  /// comes next to.
  private func leastWeight(from lower: Vector3, to upper: Vector3) -> Float {
    if let product = view.product { return product.leastWeight(from: lower, to: upper) }
    var t: [Float] = []
    for axis in 0..<3 { t.append(min(ramp.folded(lower[axis], axis: axis), ramp.folded(upper[axis], axis: axis))) }
    return BlendingRamp.weight(ramp.distance(z: t[0], y: t[1], x: t[2]))
  }

  /// Calls with the parts of rows, if any, that have all blending weights of the region below a limit.
  func forEachRow(below limit: Float, _ body: (_ z: Int, _ y: Int, _ x: Range<Int>) -> Void) {
    var pending = [region]
    var weights = [Float](repeating: 1, count: region.shape[2])
    let last = Vector3(view.shape) - 1
    while let box = pending.popLast() {
      let bounds = view.map.bounds(of: box)
      let lower = pointwiseMin(pointwiseMax(bounds.lower, .zero), last)
      let upper = pointwiseMax(pointwiseMin(bounds.upper, last), .zero)
      // twice the limit leaves room for rounding
      if leastWeight(from: lower, to: upper) >= 2 * limit { continue }
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
