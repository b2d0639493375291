import CKernels
import Geometry

/// The hot loops over coefficients of splines, in either precision. Lengths are the caller's to know; nothing is checked here.
///
/// All sums are of differences from the number in the middle, so that what is constant stays exactly constant.
protocol SplineArithmetic: FusionScalar {
  /// Filters a row: the middle one of `2 * reach + 1` rows of a window.
  static func filterSpline(
    _ rows: UnsafePointer<UnsafePointer<Self>?>, _ weights: UnsafePointer<Self>, reach: Int, count: Int,
    into target: UnsafeMutablePointer<Self>)
  /// Sums up rows of coefficients; the middle one is at the place `centre`.
  static func blendSpline(
    _ rows: UnsafePointer<UnsafePointer<Self>?>, _ weights: UnsafePointer<Self>, tapCount: Int, centre: Int, count: Int,
    into target: UnsafeMutablePointer<Self>)
  /// Takes samples along x alone, along y and x, or along all three axes, from coefficients at given places.
  static func gatherSpline(
    _ spline: Spline, axes: Int, _ numbers: UnsafePointer<Self>, rowStride: Int, planeStride: Int, _ taps: Taps<Self>,
    into target: UnsafeMutablePointer<Self>)
}

extension Float: SplineArithmetic {
  static func filterSpline(
    _ rows: UnsafePointer<UnsafePointer<Float>?>, _ weights: UnsafePointer<Float>, reach: Int, count: Int,
    into target: UnsafeMutablePointer<Float>
  ) { ck_spline_filter(rows, weights, reach, count, target) }

  static func blendSpline(
    _ rows: UnsafePointer<UnsafePointer<Float>?>, _ weights: UnsafePointer<Float>, tapCount: Int, centre: Int, count: Int,
    into target: UnsafeMutablePointer<Float>
  ) { ck_spline_blend(rows, weights, tapCount, centre, count, target) }

  static func gatherSpline(
    _ spline: Spline, axes: Int, _ numbers: UnsafePointer<Float>, rowStride: Int, planeStride: Int, _ taps: Taps<Float>,
    into target: UnsafeMutablePointer<Float>
  ) {
    var places = taps.kernelTaps
    ck_spline_gather(
      spline.order, axes, numbers, ck_strides(row: rowStride, plane: planeStride), &places, taps.count, target)
  }
}

extension Double: SplineArithmetic {
  static func filterSpline(
    _ rows: UnsafePointer<UnsafePointer<Double>?>, _ weights: UnsafePointer<Double>, reach: Int, count: Int,
    into target: UnsafeMutablePointer<Double>
  ) {
    guard let centre = rows[reach] else { return }
    target.update(from: centre, count: count)
    for j in 1...max(reach, 1) {
      guard reach > 0, let p = rows[reach - j], let q = rows[reach + j] else { return }
      let w = weights[j - 1]
      for i in 0..<count { target[i] += w * ((p[i] + q[i]) - (centre[i] + centre[i])) }
    }
  }

  static func blendSpline(
    _ rows: UnsafePointer<UnsafePointer<Double>?>, _ weights: UnsafePointer<Double>, tapCount: Int, centre: Int, count: Int,
    into target: UnsafeMutablePointer<Double>
  ) {
    guard let middle = rows[centre] else { return }
    target.update(from: middle, count: count)
    for j in 0..<tapCount where j != centre {
      guard let row = rows[j] else { return }
      let w = weights[j]
      for i in 0..<count { target[i] += w * (row[i] - middle[i]) }
    }
  }

  static func gatherSpline(
    _ spline: Spline, axes: Int, _ numbers: UnsafePointer<Double>, rowStride: Int, planeStride: Int, _ taps: Taps<Double>,
    into target: UnsafeMutablePointer<Double>
  ) {
    let (count, centre) = (spline.tapCount, spline.centre)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 5 * count) { room in
      guard let wz = room.baseAddress else { return }
      let (wy, wx, lines, columns) = (wz + count, wz + 2 * count, wz + 3 * count, wz + 4 * count)
      func sum(_ values: UnsafeMutablePointer<Double>, _ weights: UnsafeMutablePointer<Double>) -> Double {
        var sum = values[centre]
        for j in 0..<count where j != centre { sum += weights[j] * (values[j] - values[centre]) }
        return sum
      }
      for i in 0..<taps.count {
        let first = numbers + (Int(taps.index[i]) - centre)
        spline.weigh(taps.fractionX[i], into: wx)
        if axes >= 2 { spline.weigh(taps.fractionY[i], into: wy) }
        if axes == 3 { spline.weigh(taps.fractionZ[i], into: wz) }
        for x in 0..<count {
          for y in 0..<(axes >= 2 ? count : 1) {
            let at = first + (axes >= 2 ? (y - centre) * rowStride : 0) + x
            guard axes == 3 else {
              columns[y] = at[0]
              continue
            }
            var total = at[0]
            for z in 0..<count where z != centre { total += wz[z] * (at[(z - centre) * planeStride] - at[0]) }
            columns[y] = total
          }
          lines[x] = axes >= 2 ? sum(columns, wy) : columns[0]
        }
        target[i] = sum(lines, wx)
      }
    }
  }
}

extension Spline {
  /// The weights of a sample's coefficients, but that of the middle, as the kernels have them: for `fraction` as in `weights`.
  @inline(__always)
  func weigh(_ f: Double, into w: UnsafeMutablePointer<Double>) {
    let u = 1 - f
    let (u2, f2) = (u * u, f * f)
    switch order {
    case 2: (w[0], w[2]) = (0.5 * u2, 0.5 * f2)
    case 3: (w[0], w[2], w[3]) = (u2 * u / 6, 2.0 / 3 - u2 * (1 - 0.5 * u), f2 * f / 6)
    case 4:
      func next(_ t: Double) -> Double { (1 + t * (4 + t * (6 + t * (4 - 4 * t)))) / 24 }
      (w[0], w[1], w[3], w[4]) = (u2 * u2 / 24, next(u), next(f), f2 * f2 / 24)
    default:
      func next(_ t: Double) -> Double { (26 + t * (-50 + t * (20 + t * (20 + t * (-20 + 5 * t))))) / 120 }
      (w[0], w[1], w[4], w[5]) = (u2 * u2 * u / 120, next(f), next(u), f2 * f2 * f / 120)
      w[3] = 0.55 + u2 * (-0.5 + u2 * (0.25 - u / 12))
    }
  }
}
