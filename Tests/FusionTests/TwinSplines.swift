import Fusion
import Geometry

/// The splines through the voxels of one view, in double precision: coefficients of the whole view at once, from the equations
/// that say that samples at voxels are the voxels.
final class TwinSplines {
  private var known: [Int: [Double]] = [:]

  /// Nil where a voxel that is no number has a part in it: there samples are linear.
  func sample(_ view: TwinView, _ p: Vector3, order: Int) -> Double? {
    guard let spline = Spline.of(order: order) else { return nil }
    let shape = view.placed.shape
    let isWhole = (0..<3).map { view.placed.isWhole($0) }
    let base = (0..<3).map { Int((p[$0] + spline.raise).rounded(.down)) }
    // along an axis on which all samples are voxels there is nothing to sum
    func places(_ axis: Int, _ reach: Int) -> [Int] {
      if isWhole[axis] { return [Int(p[axis])] }
      let first = base[axis] - spline.centre
      return ((first - reach)...(first + order + reach)).map { Spline.mirrored($0, length: shape[axis]) }
    }
    let window = (0..<3).map { Set(places($0, spline.reach)) }
    for z in window[0] {
      for y in window[1] { for x in window[2] where !view[z, y, x].isFinite { return nil } }
    }
    let c = coefficients(view, order)
    let taps = (0..<3).map { axis in
      let fraction = p[axis] + spline.raise - Double(base[axis])
      return zip(places(axis, 0), isWhole[axis] ? [1] : spline.weights(at: fraction)).map { ($0.0, $0.1) }
    }
    // where all is a number, filtering along a whole axis and summing along it is nothing, too
    let axes = isWhole.enumerated().map { axis, whole in
      whole ? zip(wholeTaps(axis, Int(p[axis]), spline, shape), spline.weights(at: spline.raise)).map { ($0.0, $0.1) } : taps[axis]
    }
    var sum = 0.0
    for (z, wz) in axes[0] {
      for (y, wy) in axes[1] { for (x, wx) in axes[2] { sum += wz * wy * wx * c[(z * shape[1] + y) * shape[2] + x] } }
    }
    return sum
  }

  private func wholeTaps(_ axis: Int, _ at: Int, _ spline: Spline, _ shape: Index3) -> [Int] {
    (0..<spline.tapCount).map { Spline.mirrored(at + $0 - spline.centre, length: shape[axis]) }
  }

  private func coefficients(_ view: TwinView, _ order: Int) -> [Double] {
    if let known = known[order] { return known }
    let shape = view.placed.shape
    // a NaN would spoil all; who asks has made sure that none has a part in the sample
    var numbers = view.voxels.map { $0.isFinite ? $0 : 0 }
    let steps = [shape[1] * shape[2], shape[2], 1]
    for axis in 0..<3 where shape[axis] > 1 {
      let n = shape[axis]
      let inverse = inverse(n, order)
      for start in 0..<numbers.count where start / steps[axis] % n == 0 {
        let line = (0..<n).map { numbers[start + $0 * steps[axis]] }
        for i in 0..<n { numbers[start + i * steps[axis]] = (0..<n).reduce(0) { $0 + inverse[i][$1] * line[$1] } }
      }
    }
    known[order] = numbers
    return numbers
  }

  /// The inverse of the matrix that makes samples at voxels of coefficients, by Gauss and Jordan.
  private func inverse(_ n: Int, _ order: Int) -> [[Double]] {
    guard let spline = Spline.of(order: order) else { return [] }
    var rows = (0..<n).map { i in
      var row = [Double](repeating: 0, count: 2 * n)
      for (j, w) in spline.weights(at: spline.raise).enumerated() {
        row[Spline.mirrored(i + j - spline.centre, length: n)] += w
      }
      row[n + i] = 1
      return row
    }
    for k in 0..<n {
      let pivot = rows[k][k]
      for j in 0..<(2 * n) { rows[k][j] /= pivot }
      for i in 0..<n where i != k {
        let factor = rows[i][k]
        for j in 0..<(2 * n) { rows[i][j] -= factor * rows[k][j] }
      }
    }
    return rows.map { Array($0[n...]) }
  }
}
