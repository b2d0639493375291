import CKernels
import Geometry
import Memory

/// The rows of a region in a view whose axes do not mix: shifts, scales, mirrors. Each axis is a line of its own, so rows and
/// planes lie alike, and weights along x are worked out once.
final class SeparablePlaces: RowPlaces {
  let view: PlacedView
  let region: Box3
  let ramp: BlendingRamp
  /// The map along each axis.
  let lines: PerAxis<AxisLine>
  private let order: Int
  /// The output indices along each axis that have samples.
  private let valid: PerAxis<Range<Int>>
  /// The two hats of each output x of the region: all near ones, then all far ones. Of `blending: product` the factor of
  /// each x, and nothing more.
  private let hats = ScratchBuffer()

  init(view: PlacedView, region: Box3, recipe: FusionRecipe) {
    (self.view, self.region, order) = (view, region, recipe.interpolationOrder)
    let ramp = BlendingRamp(view, recipe)
    let lines = PerAxis<AxisLine> { AxisLine(view, axis: $0) }
    valid = PerAxis<Range<Int>> { lines[$0].validRange(in: region.lower[$0]..<region.upper[$0]) }
    (self.ramp, self.lines) = (ramp, lines)
    let width = region.shape[2]
    let nearHats = hats.reserve(Float.self, count: 2 * width)
    if let product = view.product {
      for x in valid.x { nearHats[x - region.lower[2]] = product.factor(coordinate(2, x), axis: 2) }
      return
    }
    for x in valid.x {
      let t = ramp.folded(coordinate(2, x), axis: 2)
      nearHats[x - region.lower[2]] = BlendingRamp.nearHat(t)
      nearHats[width + x - region.lower[2]] = BlendingRamp.farHat(t)
    }
  }

  func interval(z: Int, y: Int) -> Range<Int> {
    valid.z.contains(z) && valid.y.contains(y) ? valid.x : region.lower[2]..<region.lower[2]
  }

  /// The output x that have samples in any row.
  var columns: Range<Int> { valid.x }

  var sampledBox: Box3 {
    Box3(
      lower: Index3(valid.z.lowerBound, valid.y.lowerBound, valid.x.lowerBound),
      upper: Index3(valid.z.upperBound, valid.y.upperBound, valid.x.upperBound))
  }

  func endOfRowsAlike(from y: Int) -> Int {
    let next = y < valid.y.lowerBound ? valid.y.lowerBound : y < valid.y.upperBound ? valid.y.upperBound : .max
    return min(next, region.upper[1])
  }

  /// The voxel of the view along an axis that a sample is taken at, and the fraction of the way to the next one: 0 for
  /// nearest samples.
  func sample(_ axis: Int, at index: Int) -> (base: Int, fraction: Double) {
    order == 0 ? (lines[axis].nearest(at: index), 0) : lines[axis].position(at: index)
  }

  func storedVoxel(z: Int, y: Int, x: Int) -> Index3? {
    let index = Index3(z, y, x)
    var at = Index3(repeating: 0)
    for axis in 0..<3 {
      let (base, fraction) = sample(axis, at: index[axis])
      if fraction != 0 { return nil }
      at[axis] = base
    }
    return at
  }

  /// If output x to the view's x is a shift: by how many columns, and the fraction that is left. Else nil.
  var shift: (columns: Int, fraction: Double)? {
    guard lines.x.scale == 1, !view.isFilled, let first = valid.x.first else { return nil }
    let (base, fraction) = sample(2, at: first)
    return (base - first, fraction)
  }

  // MARK: weights

  func weigh(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool {
    if let product = view.product { return weigh(product, z: z, y: y, range, into: target) }
    let (near, far) = rowDistances(z: z, y: y)
    let (nearHats, farHats) = hats(from: range.lowerBound)
    let last = range.count - 1
    // along x the distance rises to the middle and then falls, so its least is at an end
    let least = min(near * nearHats[0] + far * farHats[0], near * nearHats[last] + far * farHats[last])
    if least > BlendingRamp.certainDistance { return false }
    var i = 0
    while i < range.count {
      let end = min(i + BlendingRamp.stretch, range.count)
      if min(near * nearHats[i] + far * farHats[i], near * nearHats[end - 1] + far * farHats[end - 1])
        > BlendingRamp.certainDistance
      {
        for j in i..<end { target[j] = 1 }
      } else {
        ck_weigh_hats(near, far, nearHats + i, farHats + i, end - i, target + i)
      }
      i = end
    }
    return true
  }

  /// The weights of `blending: product`.
  private func weigh(
    _ product: ProductRamp, z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) -> Bool {
    let (fz, fy) = (product.factor(coordinate(0, z), axis: 0), product.factor(coordinate(1, y), axis: 1))
    let factors = hats(from: range.lowerBound).near
    // along x they rise to 1 and then fall
    if fz == 1 && fy == 1 && factors[0] == 1 && factors[range.count - 1] == 1 { return false }
    for i in 0..<range.count { target[i] = ProductRamp.product(fz, fy, factors[i]) }
    return true
  }

  /// The hats of output x, from one on; valid as long as this object.
  func hats(from x: Int) -> (near: UnsafePointer<Float>, far: UnsafePointer<Float>) {
    let near = UnsafePointer(hats.base.assumingMemoryBound(to: Float.self)) + (x - region.lower[2])
    return (near, near + region.shape[2])
  }

  /// The distances of a row are `near * nearHat + far * farHat`.
  func rowDistances(z: Int, y: Int) -> (near: Float, far: Float) {
    ramp.row(z: ramp.folded(coordinate(0, z), axis: 0), y: ramp.folded(coordinate(1, y), axis: 1))
  }

  private func coordinate(_ axis: Int, _ index: Int) -> Double {
    let (base, fraction) = lines[axis].position(at: index)
    return Double(base) + fraction
  }
}
