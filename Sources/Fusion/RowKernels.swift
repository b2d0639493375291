import Geometry

/// The hot loops over rows. Lengths are the caller's to know; nothing is checked here.
///
/// Interpolation is always `a + f * (b - a)`, along z, then y, then x: a constant stays exactly constant, and whole
/// positions are copied exactly.

@inline(__always)
func lerp<S: FusionScalar>(_ a: S, _ b: S, _ f: S) -> S { a + f * (b - a) }

/// Converts a row of voxels.
@inline(__always)
func convertRow<T: Voxel, S: RowArithmetic>(
  _ source: UnsafePointer<T>, count: Int, into target: UnsafeMutablePointer<S>
) {
  for i in 0..<count { target[i] = S.of(source[i]) }
}

/// Blends two rows of voxels.
@inline(__always)
func blendRows<T: Voxel, S: RowArithmetic>(
  _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, fraction: S, count: Int, into target: UnsafeMutablePointer<S>
) {
  for i in 0..<count { target[i] = lerp(S.of(a[i]), S.of(b[i]), fraction) }
}

/// Blends two rows of numbers.
@inline(__always)
func blendNumbers<S: RowArithmetic>(
  _ a: UnsafePointer<S>, _ b: UnsafePointer<S>, fraction: S, count: Int, into target: UnsafeMutablePointer<S>
) {
  for i in 0..<count { target[i] = lerp(a[i], b[i], fraction) }
}

/// Where a row's samples lie in a patch: the index of the lower corner, and the fractions.
struct Taps<S: FusionScalar> {
  let index: UnsafeMutablePointer<Int32>
  let fractionZ: UnsafeMutablePointer<S>
  let fractionY: UnsafeMutablePointer<S>
  let fractionX: UnsafeMutablePointer<S>
  var count: Int
}

extension Float {
  /// 4 samples at a time: the pairs along x are loaded as one, blended along y, then parted and blended along x.
  static func gatherPlaneFinite(
    _ plane: UnsafePointer<Float>, rowStride: Int, _ taps: Taps<Float>, into target: UnsafeMutablePointer<Float>
  ) {
    let base = UnsafeRawPointer(plane)
    let down = rowStride * 4
    var i = 0
    while i + 4 <= taps.count {
      let p0 = base + Int(taps.index[i]) * 4
      let p1 = base + Int(taps.index[i + 1]) * 4
      let p2 = base + Int(taps.index[i + 2]) * 4
      let p3 = base + Int(taps.index[i + 3]) * 4
      let fy = UnsafeRawPointer(taps.fractionY + i).loadUnaligned(as: SIMD4<Float>.self)
      let fx = UnsafeRawPointer(taps.fractionX + i).loadUnaligned(as: SIMD4<Float>.self)
      let (a0, a1) = parted(p0, p1, p2, p3)
      let (b0, b1) = parted(p0 + down, p1 + down, p2 + down, p3 + down)
      let c0 = a0 + fy * (b0 - a0)
      let c1 = a1 + fy * (b1 - a1)
      UnsafeMutableRawPointer(target + i).storeBytes(of: c0 + fx * (c1 - c0), as: SIMD4<Float>.self)
      i += 4
    }
    while i < taps.count {
      let p = plane + Int(taps.index[i])
      let c0 = lerp(p[0], p[rowStride], taps.fractionY[i])
      let c1 = lerp(p[1], p[rowStride + 1], taps.fractionY[i])
      target[i] = lerp(c0, c1, taps.fractionX[i])
      i += 1
    }
  }

  static func gatherVolumeFinite(
    _ volume: UnsafePointer<Float>, rowStride: Int, planeStride: Int, _ taps: Taps<Float>,
    into target: UnsafeMutablePointer<Float>
  ) {
    let base = UnsafeRawPointer(volume)
    let down = rowStride * 4
    let deep = planeStride * 4
    var i = 0
    while i + 4 <= taps.count {
      let p0 = base + Int(taps.index[i]) * 4
      let p1 = base + Int(taps.index[i + 1]) * 4
      let p2 = base + Int(taps.index[i + 2]) * 4
      let p3 = base + Int(taps.index[i + 3]) * 4
      let fz = UnsafeRawPointer(taps.fractionZ + i).loadUnaligned(as: SIMD4<Float>.self)
      let fy = UnsafeRawPointer(taps.fractionY + i).loadUnaligned(as: SIMD4<Float>.self)
      let fx = UnsafeRawPointer(taps.fractionX + i).loadUnaligned(as: SIMD4<Float>.self)
      var (a0, a1) = parted(p0, p1, p2, p3)
      var (b0, b1) = parted(p0 + down, p1 + down, p2 + down, p3 + down)
      let (d0, d1) = parted(p0 + deep, p1 + deep, p2 + deep, p3 + deep)
      let both = down + deep
      let (e0, e1) = parted(p0 + both, p1 + both, p2 + both, p3 + both)
      a0 += fz * (d0 - a0)
      a1 += fz * (d1 - a1)
      b0 += fz * (e0 - b0)
      b1 += fz * (e1 - b1)
      let c0 = a0 + fy * (b0 - a0)
      let c1 = a1 + fy * (b1 - a1)
      UnsafeMutableRawPointer(target + i).storeBytes(of: c0 + fx * (c1 - c0), as: SIMD4<Float>.self)
      i += 4
    }
    while i < taps.count {
      target[i] = trilinear(volume + Int(taps.index[i]), rowStride, planeStride,
        taps.fractionZ[i], taps.fractionY[i], taps.fractionX[i])
      i += 1
    }
  }
}

/// The first and the second of four pairs.
@inline(__always)
private func parted(
  _ p0: UnsafeRawPointer, _ p1: UnsafeRawPointer, _ p2: UnsafeRawPointer, _ p3: UnsafeRawPointer
) -> (SIMD4<Float>, SIMD4<Float>) {
  let low = SIMD4<Float>(
    lowHalf: p0.loadUnaligned(as: SIMD2<Float>.self), highHalf: p1.loadUnaligned(as: SIMD2<Float>.self))
  let high = SIMD4<Float>(
    lowHalf: p2.loadUnaligned(as: SIMD2<Float>.self), highHalf: p3.loadUnaligned(as: SIMD2<Float>.self))
  return (
    SIMD4<Float>(lowHalf: low.evenHalf, highHalf: high.evenHalf),
    SIMD4<Float>(lowHalf: low.oddHalf, highHalf: high.oddHalf)
  )
}

@inline(__always)
private func trilinear<S: FusionScalar>(
  _ p: UnsafePointer<S>, _ rowStride: Int, _ planeStride: Int, _ fz: S, _ fy: S, _ fx: S
) -> S {
  let q = p + planeStride
  let a0 = lerp(p[0], q[0], fz)
  let a1 = lerp(p[1], q[1], fz)
  let b0 = lerp(p[rowStride], q[rowStride], fz)
  let b1 = lerp(p[rowStride + 1], q[rowStride + 1], fz)
  return lerp(lerp(a0, b0, fy), lerp(a1, b1, fy), fx)
}

extension Double {
  static func gatherPlaneFinite(
    _ plane: UnsafePointer<Double>, rowStride: Int, _ taps: Taps<Double>, into target: UnsafeMutablePointer<Double>
  ) {
    for i in 0..<taps.count {
      let p = plane + Int(taps.index[i])
      let c0 = lerp(p[0], p[rowStride], taps.fractionY[i])
      let c1 = lerp(p[1], p[rowStride + 1], taps.fractionY[i])
      target[i] = lerp(c0, c1, taps.fractionX[i])
    }
  }

  static func gatherVolumeFinite(
    _ volume: UnsafePointer<Double>, rowStride: Int, planeStride: Int, _ taps: Taps<Double>,
    into target: UnsafeMutablePointer<Double>
  ) {
    for i in 0..<taps.count {
      target[i] = trilinear(volume + Int(taps.index[i]), rowStride, planeStride,
        taps.fractionZ[i], taps.fractionY[i], taps.fractionX[i])
    }
  }
}

/// As the gathers of finite voxels, for patches that hold NaN or infinity: a neighbour of zero weight is not looked at.
func gatherCarefully<S: FusionScalar>(
  _ volume: UnsafePointer<S>, rowStride: Int, planeStride: Int, hasZ: Bool, _ taps: Taps<S>,
  into target: UnsafeMutablePointer<S>
) {
  func blend(_ a: S, _ b: @autoclosure () -> S, _ f: S) -> S { f == 0 ? a : lerp(a, b(), f) }
  for i in 0..<taps.count {
    let p = volume + Int(taps.index[i])
    let (fz, fy, fx) = (hasZ ? taps.fractionZ[i] : 0, taps.fractionY[i], taps.fractionX[i])
    func column(_ at: Int) -> S { blend(p[at], p[at + planeStride], fz) }
    func row(_ at: Int) -> S { blend(column(at), column(at + rowStride), fy) }
    target[i] = blend(row(0), row(1), fx)
  }
}
