import Geometry

/// The rows of a region in a view whose axes mix: rotations, shears, any affine map. Each row is a line through the view.
final class MixedPlaces: RowPlaces {
  let view: PlacedView
  let region: Box3
  let ramp: BlendingRamp
  private let order: Int
  /// The view's shape and reach, and its map by columns: what a step along an output axis is in the view.
  private let shape: Index3
  private let reach: ViewReach
  private let offset: Vector3
  private let step: PerAxis<Vector3>
  /// The first axis of the view that samples of a row may leave it along: not z if z does not mix.
  private let firstAxis: Int
  /// The longest axis of the view.
  private let length: Int
  /// Axes of the view along which every sample of the region lies well inside it.
  private let isCovered: PerAxis<Bool>

  init(view: PlacedView, region: Box3, recipe: FusionRecipe) {
    (self.view, self.region, order) = (view, region, recipe.interpolationOrder)
    ramp = BlendingRamp(view, recipe)
    let rows = view.map.rows
    (shape, reach, offset, length) = (view.shape, view.reach, view.map.offset, view.shape.max())
    step = PerAxis<Vector3> { Vector3(rows[0][$0], rows[1][$0], rows[2][$0]) }
    firstAxis = view.mapClass == .plane ? 1 : 0
    isCovered = view.covers(region)
  }

  /// The view's pixel coordinates along a row.
  func line(z: Int, y: Int) -> SampleLine { SampleLine(start: start(z: z, y: y), slope: step.x, length: length) }

  /// The pixel coordinates of a row at x = 0, summed as `PixelMap` does.
  private func start(z: Int, y: Int) -> Vector3 { (offset + step.z * Double(z)) + step.y * Double(y) }

  /// The plane of the view that an output plane lies in, as far as y and x have no part in it.
  func planePosition(z: Int) -> (base: Int, fraction: Double) {
    let p = min(max(start(z: z, y: 0)[0], 0), Double(shape[0] - 1))
    let base = p.rounded(.down)
    return (Int(base), p - base)
  }

  func interval(z: Int, y: Int) -> Range<Int> {
    var range = region.lower[2]..<region.upper[2]
    if isCovered.z && isCovered.y && isCovered.x { return range }
    let start = start(z: z, y: y)
    for axis in 0..<3 where !isCovered[axis] {
      range = validInterval(
        offset: start[axis], slope: step.x[axis], from: reach.lower[axis], to: reach.upper[axis], in: range)
    }
    return range
  }

  /// The samples of a row that lie between the view's first and last voxels. The few others of the row's interval lie
  /// beyond the view's ends, and are taken at them.
  func inside(_ line: SampleLine, _ range: Range<Int>) -> Range<Int> {
    var inside = range
    for axis in firstAxis..<3 where !isCovered[axis] {
      inside = validInterval(
        offset: line.start[axis], slope: line.slope[axis], from: 0, to: Double(shape[axis] - 1), in: inside)
    }
    return inside
  }

  var sampledBox: Box3 {
    let bounds = view.map.bounds(of: region)
    let last = Vector3(shape) - 1
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

  func endOfRowsAlike(from y: Int) -> Int { y + 1 }

  func storedVoxel(z: Int, y: Int, x: Int) -> Index3? {
    let start = start(z: z, y: y)
    var at = Index3(repeating: 0)
    for axis in 0..<3 {
      let p = min(max(start[axis] + step.x[axis] * Double(x), 0), Double(shape[axis] - 1))
      let whole = order == 0 ? (p + 0.5).rounded(.down) : p.rounded(.down)
      if order > 0 && p != whole { return nil }
      at[axis] = Int(whole)
    }
    return at
  }

  func weigh(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool {
    let line = line(z: z, y: y)
    if view.isFilled { return weighEnds(line, range, into: target) }
    if let product = view.product { return weigh(product, line, range, into: target) }
    let ramp = self.ramp
    if ramp.leastDistance(line.start, line.slope, range) > BlendingRamp.certainDistance { return false }
    let n = 2 * BlendingRamp.stretch
    var x = range.lowerBound
    while x < range.upperBound {
      let end = min(x + n, range.upperBound)
      let out = target + (x - range.lowerBound)
      if ramp.leastDistance(line.start, line.slope, x..<end) > BlendingRamp.certainDistance {
        for i in 0..<(end - x) { out[i] = 1 }
      } else {
        ramp.weigh(line, x: x, count: end - x, into: out)
      }
      x = end
    }
    return true
  }

  /// The weights of `blending: product`.
  private func weigh(
    _ product: ProductRamp, _ line: SampleLine, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) -> Bool {
    func least(_ part: Range<Int>) -> Float {
      let (a, b) = (line.place(part.lowerBound), line.place(part.upperBound - 1))
      return product.leastWeight(from: pointwiseMin(a, b), to: pointwiseMax(a, b))
    }
    if least(range) == 1 { return false }
    var x = range.lowerBound
    while x < range.upperBound {
      let end = min(x + 2 * BlendingRamp.stretch, range.upperBound)
      let out = target + (x - range.lowerBound)
      if least(x..<end) == 1 {
        for i in 0..<(end - x) { out[i] = 1 }
      } else {
        product.weigh(line, x: x, count: end - x, into: out)
      }
      x = end
    }
    return true
  }

  /// Weights of samples that may lie beyond the view's ends: those at the ends, one by one, since they are few.
  private func weighEnds(_ line: SampleLine, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool {
    let last = Vector3(shape) - 1
    for x in range {
      let p = pointwiseMin(pointwiseMax(line.place(x), .zero), last)
      target[x - range.lowerBound] = weight(at: p)
    }
    return true
  }
}
