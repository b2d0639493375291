import CKernels
import Geometry

/// How much a view counts at a place, by its distance to the view's border.
///
/// The reference interpolates a coarse grid of distances, 5 nodes an axis, the outermost one voxel outside the view,
/// and takes `(cos((1-d)π)+1)/2` of it, which is `sin²(dπ/2)`. The grid is symmetric, so a coordinate is folded to `t`,
/// the distance to the nearer border in cells, 0...2; the node at the border is 0, and two nodes an axis remain. Their
/// hat functions are `min(t, 2-t)` and `max(t-1, 0)`. An axis of width 0 has no part in it, nor has z in 2D: `t` is 1,
/// which is one node alone, and both nodes along it are alike.
package struct BlendingRamp {
  /// Values of the nodes `[z][y][x]`, 8 in C order.
  private let nodes: (Float, Float, Float, Float, Float, Float, Float, Float)
  private let blends: PerAxis<Bool>
  let length: Vector3
  /// Cells a voxel.
  let density: Vector3

  package init(shape: Index3, spacing: Vector3, widths: Vector3, blendsZ: Bool) {
    length = Vector3(shape)
    density = 4 / (length + 1)
    blends = PerAxis { widths[$0] > 0 && ($0 > 0 || blendsZ) }
    // far beyond 1, yet finite
    var step = Vector3(repeating: 1e9)
    for axis in 0..<3 where blends[axis] {
      step[axis] = min((length[axis] + 1) / 4 * spacing[axis] / widths[axis], 1e9)
    }
    let (stepZ, stepY, stepX) = (step[0], step[1], step[2])
    let (isInZ, isInY, isInX) = (blends.z, blends.y, blends.x)
    func node(_ z: Double, _ y: Double, _ x: Double) -> Float {
      Float(min((isInZ ? z : 1) * stepZ, (isInY ? y : 1) * stepY, (isInX ? x : 1) * stepX))
    }
    nodes = (
      node(1, 1, 1), node(1, 1, 2), node(1, 2, 1), node(1, 2, 2),
      node(2, 1, 1), node(2, 1, 2), node(2, 2, 1), node(2, 2, 2)
    )
  }

  /// Weights along a line through the view, from x on.
  func weigh(_ line: SampleLine, x: Int, count: Int, into target: UnsafeMutablePointer<Float>) {
    var (ramp, line) = (kernelRamp, line.kernelLine)
    ck_weigh_line(&ramp, &line, Double(x), count, target)
  }

  package var kernelRamp: ck_ramp {
    ck_ramp(
      length: (length[0], length[1], length[2]), density: (density[0], density[1], density[2]), nodes: nodes,
      blends: (blends.z ? 1 : 0, blends.y ? 1 : 0, blends.x ? 1 : 0))
  }

  /// The folded coordinate of a view's pixel coordinate along an axis.
  @inline(__always)
  package func folded(_ p: Double, axis: Int) -> Float {
    blends[axis] ? Self.folded(p, length[axis], density[axis]) : 1
  }

  @inline(__always)
  static func folded(_ p: Double, _ length: Double, _ density: Double) -> Float {
    let low = p + 1
    let high = length - p
    return Float((low < high ? low : high) * density)
  }

  @inline(__always) static func nearHat(_ t: Float) -> Float { t < 2 - t ? t : 2 - t }
  @inline(__always) static func farHat(_ t: Float) -> Float { t - 1 > 0 ? t - 1 : 0 }

  /// The two x nodes for folded z and y: the distance along the row is `near * nearHat(x) + far * farHat(x)`.
  @inline(__always)
  func row(z: Float, y: Float) -> (near: Float, far: Float) {
    let (zn, zf) = (Self.nearHat(z), Self.farHat(z))
    let (yn, yf) = (Self.nearHat(y), Self.farHat(y))
    return (
      zn * (yn * nodes.0 + yf * nodes.2) + zf * (yn * nodes.4 + yf * nodes.6),
      zn * (yn * nodes.1 + yf * nodes.3) + zf * (yn * nodes.5 + yf * nodes.7)
    )
  }

  /// The distance, in blending widths, at folded coordinates.
  @inline(__always)
  package func distance(z: Float, y: Float, x: Float) -> Float {
    let (near, far) = row(z: z, y: y)
    return near * Self.nearHat(x) + far * Self.farHat(x)
  }

  /// A lower bound of the distances on a line through the view, for x in a range: folded coordinates are least at an
  /// end, and the distance grows with each of them.
  func leastDistance(_ start: Vector3, _ slope: Vector3, _ range: Range<Int>) -> Float {
    let (first, last) = (Double(range.lowerBound), Double(range.upperBound - 1))
    func least(_ axis: Int) -> Float {
      let a = folded(start[axis] + slope[axis] * first, axis: axis)
      let b = folded(start[axis] + slope[axis] * last, axis: axis)
      return a < b ? a : b
    }
    return distance(z: least(0), y: least(1), x: least(2))
  }

  /// `sin²(dπ/2)`, 1 from d = 1 on: an odd polynomial of degree 9, at most 5e-7 off and exactly 1 at 1.
  @inline(__always)
  package static func weight(_ distance: Float) -> Float {
    let d = distance < 1 ? distance : 1
    let u = d * d
    let a =
      1.5707963705062866 + u
      * (-0.6459636688232422 + u
        * (0.07968928664922714
          + u * (-0.004672910086810589 + u * 0.0001509713620180264)))
      as Float
    let s = d * a
    let sine = s < 1 ? s : 1
    let w = sine * sine
    // never quite zero: where all views were 0, they count alike
    return w > 1e-30 ? w : 1e-30
  }

  /// Beyond this the weight is 1 however the distance was rounded.
  @inline(__always) static var certainDistance: Float { 1.001 }

  /// Within a row, parts of full weight are told apart in steps of so many voxels.
  @inline(__always) static var stretch: Int { 32 }
}
