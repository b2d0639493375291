import Geometry

/// Samples of rows whose maps mix axes: first where they lie, then their corners, gathered and blended along z, then y,
/// then x. Lengths are the caller's to know; nothing is checked here.

/// Where a row's samples lie in a patch: the index of the lower corner, and the fractions.
struct Taps<S: FusionScalar> {
  let index: UnsafeMutablePointer<Int32>
  let fractionZ: UnsafeMutablePointer<S>
  let fractionY: UnsafeMutablePointer<S>
  let fractionX: UnsafeMutablePointer<S>
  var count: Int
}

/// The pixel coordinates along a row of the output: `start + slope * x`.
struct SampleLine {
  let start: Vector3
  let slope: Vector3
  /// The longest axis of the view.
  let length: Int
}

/// Where nearest samples lie; halves go up.
func locateNearest<S: RowArithmetic>(_ line: SampleLine, in patch: Box3, x: Int, _ place: Taps<S>) {
  locateExactly(line, raised: 0.5, in: patch, x: x, place)
}

/// Indices into the patch, and fractions, of samples from x on, in double precision.
///
/// Adding and taking away 1.5 * 2^52 rounds to a whole number, whose low bits then are the sum's; coordinates are
/// valid, so not negative.
@inline(__always)
private func locateExactly<S: RowArithmetic>(
  _ line: SampleLine, raised up: Double, in patch: Box3, x: Int, _ place: Taps<S>
) {
  let magic = 6_755_399_441_055_744.0
  let x0 = Double(x)
  let (sz, sy, sx) = (line.start[0], line.start[1], line.start[2])
  let (mz, my, mx) = (line.slope[0], line.slope[1], line.slope[2])
  let shape = patch.shape
  let (rowStride, planeStride) = (Double(shape[2]), Double(shape[1] * shape[2]))
  let first = Double(patch.lower[1]) * rowStride + Double(patch.lower[2])
  let firstPlane = Double(patch.lower[0]) * planeStride
  for i in 0..<place.count {
    let at = x0 + Double(Int32(truncatingIfNeeded: i))
    let pz = sz + mz * at + up
    let py = sy + my * at + up
    let px = sx + mx * at + up
    let rz = wholePart(pz, magic)
    let ry = wholePart(py, magic)
    let rx = wholePart(px, magic)
    place.fractionZ[i] = S(pz - rz)
    place.fractionY[i] = S(py - ry)
    place.fractionX[i] = S(px - rx)
    let index = (rz * planeStride - firstPlane) + (ry * rowStride + rx) - first
    place.index[i] = Int32(truncatingIfNeeded: (index + magic).bitPattern)
  }
}

@inline(__always)
private func wholePart(_ p: Double, _ magic: Double) -> Double {
  let near = (p + magic) - magic
  return near > p ? near - 1 : near
}

extension Float {
  /// A coordinate below 2^28, added to 2^28, has its whole part and 24 bits of its fraction, as many as a `Float`
  /// takes, side by side in the low 52 bits.
  static func locate(_ line: SampleLine, in patch: Box3, x: Int, ignoringZ: Bool, _ place: Taps<Float>) {
    if line.length >= 1 << 28 {
      locateExactly(ignoringZ ? line.withoutZ(patch) : line, raised: 0, in: patch, x: x, place)
      return
    }
    let magic = 268_435_456.0
    let x0 = Double(x)
    let (sz, sy, sx) = (line.start[0], line.start[1], line.start[2])
    let (mz, my, mx) = (line.slope[0], line.slope[1], line.slope[2])
    let shape = patch.shape
    let rowStride = UInt64(UInt32(truncatingIfNeeded: shape[2]))
    let planeStride = UInt64(UInt32(truncatingIfNeeded: shape[1] * shape[2]))
    let first = (patch.lower[1] * shape[2]) &+ patch.lower[2]
    let firstPlane = patch.lower[0] &* shape[1] &* shape[2]
    let unit: Float = 0x1p-24
    if ignoringZ {
      let offset = UInt32(truncatingIfNeeded: first)
      for i in 0..<place.count {
        let at = x0 + Double(Int32(truncatingIfNeeded: i))
        let y = ((sy + my * at) + magic).bitPattern
        let x = ((sx + mx * at) + magic).bitPattern
        place.fractionY[i] = Float(Int32(truncatingIfNeeded: y & 0xff_ffff)) * unit
        place.fractionX[i] = Float(Int32(truncatingIfNeeded: x & 0xff_ffff)) * unit
        let index = (y >> 24 & 0xfff_ffff) &* rowStride &+ (x >> 24 & 0xfff_ffff)
        place.index[i] = Int32(truncatingIfNeeded: UInt32(truncatingIfNeeded: index) &- offset)
      }
    } else {
      let offset = UInt32(truncatingIfNeeded: first &+ firstPlane)
      for i in 0..<place.count {
        let at = x0 + Double(Int32(truncatingIfNeeded: i))
        let z = ((sz + mz * at) + magic).bitPattern
        let y = ((sy + my * at) + magic).bitPattern
        let x = ((sx + mx * at) + magic).bitPattern
        place.fractionZ[i] = Float(Int32(truncatingIfNeeded: z & 0xff_ffff)) * unit
        place.fractionY[i] = Float(Int32(truncatingIfNeeded: y & 0xff_ffff)) * unit
        place.fractionX[i] = Float(Int32(truncatingIfNeeded: x & 0xff_ffff)) * unit
        let row = (z >> 24 & 0xfff_ffff) &* planeStride &+ (y >> 24 & 0xfff_ffff) &* rowStride
        let index = row &+ (x >> 24 & 0xfff_ffff)
        place.index[i] = Int32(truncatingIfNeeded: UInt32(truncatingIfNeeded: index) &- offset)
      }
    }
  }
}

extension Double {
  static func locate(_ line: SampleLine, in patch: Box3, x: Int, ignoringZ: Bool, _ place: Taps<Double>) {
    locateExactly(ignoringZ ? line.withoutZ(patch) : line, raised: 0, in: patch, x: x, place)
  }
}

extension SampleLine {
  /// The same line in the patch's first plane.
  func withoutZ(_ patch: Box3) -> SampleLine {
    var (start, slope) = (start, slope)
    (start[0], slope[0]) = (Double(patch.lower[0]), 0)
    return SampleLine(start: start, slope: slope, length: length)
  }
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
