import CKernels
import Geometry

/// How much a view counts at a place, as the product of a factor for each axis.
///
/// With `d` the distance to the nearer of the first and last voxel less the border, in ramp lengths, the factor is
/// `(cos((1-d)π)+1)/2`, which is `sin²(dπ/2)`, and 1 from `d` = 1 on. Where `d` is not above 0 the view has no samples at
/// all (`ViewReach`), so no factor is 0. An axis along which the view has one voxel has no part in it, nor has one whose
/// ramp has no length, nor z where the job or the view has no blending along it.
package struct ProductRamp: Sendable {
  /// The coordinate of the last voxel along each axis.
  private let last: Vector3
  /// In voxels.
  private let border: Vector3
  /// Ramps a voxel.
  private let density: Vector3
  private let blends: PerAxis<Bool>

  /// - Parameters:
  ///   - widths: the lengths of the ramps along z, y, x: the view's own, or in the world, as `blending` says.
  ///   - blendsZ: whether z has a part in it.
  package init(
    shape: Index3, spacing: Vector3, affine: AffineMap, widths: Vector3, blending: ProductBlending, blendsZ: Bool
  ) {
    last = Vector3(shape) - 1
    border = blending.border / spacing
    let scales = affine.axisScales
    var density = Vector3(repeating: 0)
    for axis in 0..<3 where widths[axis] > 0 {
      density[axis] = (blending.worldWidths[axis] ? spacing[axis] * scales[axis] : spacing[axis]) / widths[axis]
    }
    self.density = density
    blends = PerAxis { shape[$0] > 1 && density[$0] > 0 && ($0 > 0 || blendsZ) }
  }

  /// Whether an axis has a ramp, at whose beginning a view weighs 0.
  func hasRamp(_ axis: Int) -> Bool { blends[axis] }

  /// Where the view has samples: where its weight is above 0. What rounding alone keeps off the border is on it.
  func reach(_ map: PixelMap, shape: Index3) -> ViewReach {
    var reach = ViewReach(map, shape: shape)
    for axis in 0..<3 where blends[axis] {
      let edge = map.edgeTolerance(axis: axis, length: shape[axis])
      reach.lower[axis] = (border[axis] + edge).nextUp
      reach.upper[axis] = (last[axis] - border[axis] - edge).nextDown
    }
    return reach
  }

  /// The factor of a pixel coordinate along an axis.
  @inline(__always)
  package func factor(_ p: Double, axis: Int) -> Float {
    guard blends[axis] else { return 1 }
    let high = last[axis] - p
    let d = ((p < high ? p : high) - border[axis]) * density[axis]
    return BlendingRamp.weight(d > 0 ? Float(d) : 0)
  }

  @inline(__always)
  static func product(_ z: Float, _ y: Float, _ x: Float) -> Float {
    let w = (z * y) * x
    // never quite zero, as with the other ramp
    return w > 1e-30 ? w : 1e-30
  }

  package func weight(at p: Vector3) -> Float {
    Self.product(factor(p[0], axis: 0), factor(p[1], axis: 1), factor(p[2], axis: 2))
  }

  /// A lower bound of the weights in a box of coordinates: along an axis a factor rises and then falls.
  func leastWeight(from lower: Vector3, to upper: Vector3) -> Float {
    func least(_ axis: Int) -> Float { min(factor(lower[axis], axis: axis), factor(upper[axis], axis: axis)) }
    return Self.product(least(0), least(1), least(2))
  }

  /// Weights along a line through the view, from x on.
  func weigh(_ line: SampleLine, x: Int, count: Int, into target: UnsafeMutablePointer<Float>) {
    var (ramp, line) = (kernelRamp, line.kernelLine)
    ck_weigh_product(&ramp, &line, Double(x), count, target)
  }

  package var kernelRamp: ck_product {
    ck_product(
      last: (last[0], last[1], last[2]), border: (border[0], border[1], border[2]),
      density: (density[0], density[1], density[2]), blends: (blends.z ? 1 : 0, blends.y ? 1 : 0, blends.x ? 1 : 0))
  }
}
