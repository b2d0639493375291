import CKernels
import Geometry

/// Kernels for samples of rows whose maps mix axes: first their places are worked out, then their corners are gathered and
/// blended along z, then y, then x. Lengths are the caller's to know; nothing is checked here.

/// Works out the places of nearest samples; halves go up.
func locateNearest<S: RowArithmetic>(_ line: SampleLine, in patch: Box3, x: Int, _ place: Taps<S>) {
  locateExactly(line, raised: 0.5, in: patch, x: x, place)
}

/// Works out indices into the patch, and fractions, of samples from x on, in double precision.
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

/// Works out the places of nearest samples that may lie beyond the ends of a view, and are taken at them.
func locateNearestAtEdge<S: RowArithmetic>(_ line: SampleLine, of shape: Index3, in patch: Box3, x: Int, _ place: Taps<S>) {
  let strides = Index3(patch.shape[1] * patch.shape[2], patch.shape[2], 1)
  for i in 0..<place.count {
    let at = (pointwiseMin(pointwiseMax(line.place(x + i), .zero), Vector3(shape) - 1) + 0.5).rounded(.down)
    place.index[i] = Int32(truncatingIfNeeded: ((Index3(at) &- patch.lower) &* strides).wrappedSum())
  }
}

/// Works out the places of linear samples that lie beyond the ends of a view, and are taken at them: one by one, since they
/// are few.
///
/// - Parameter up: what is added to places before they are rounded down.
func locateAtEdge<S: RowArithmetic>(
  _ line: SampleLine, of shape: Index3, raised up: Double = 0, ignoringZ: Bool = false, in patch: Box3, x: Int, _ place: Taps<S>
) {
  let strides = Index3(patch.shape[1] * patch.shape[2], patch.shape[2], 1)
  for i in 0..<place.count {
    var (at, fractions) = (Index3(repeating: 0), Vector3.zero)
    for axis in (ignoringZ ? 1 : 0)..<3 {
      let p = min(max(line.start[axis] + line.slope[axis] * Double(x + i), 0), Double(shape[axis] - 1)) + up
      let base = p.rounded(.down)
      (at[axis], fractions[axis]) = (Int(base) - patch.lower[axis], p - base)
    }
    place.index[i] = Int32(truncatingIfNeeded: (at &* strides).wrappedSum())
    place.fractionZ[i] = S(fractions[0])
    place.fractionY[i] = S(fractions[1])
    place.fractionX[i] = S(fractions[2])
  }
}

@inline(__always)
private func wholePart(_ p: Double, _ magic: Double) -> Double {
  let near = (p + magic) - magic
  return near > p ? near - 1 : near
}

extension Float {
  static func locate(_ line: SampleLine, in patch: Box3, x: Int, ignoringZ: Bool, _ place: Taps<Float>) {
    // the kernel keeps coordinates in fixed point
    if line.length >= 1 << 28 {
      locateExactly(ignoringZ ? line.withoutZ(patch) : line, raised: 0, in: patch, x: x, place)
      return
    }
    let shape = patch.shape
    let rowStride = UInt32(truncatingIfNeeded: shape[2])
    let planeStride = UInt32(truncatingIfNeeded: shape[1] &* shape[2])
    let first = patch.lower[1] &* shape[2] &+ patch.lower[2]
    var (line, taps) = (line.kernelLine, place.kernelTaps)
    if ignoringZ {
      ck_locate_plane(&line, rowStride, UInt32(truncatingIfNeeded: first), Double(x), place.count, &taps)
    } else {
      let offset = UInt32(truncatingIfNeeded: first &+ patch.lower[0] &* shape[1] &* shape[2])
      ck_locate_volume(&line, planeStride, rowStride, offset, Double(x), place.count, &taps)
    }
  }
}

extension Double {
  static func locate(_ line: SampleLine, in patch: Box3, x: Int, ignoringZ: Bool, _ place: Taps<Double>) {
    locateExactly(ignoringZ ? line.withoutZ(patch) : line, raised: 0, in: patch, x: x, place)
  }
}

extension Float {
  static func gatherPlaneFinite(
    _ plane: UnsafePointer<Float>, rowStride: Int, _ taps: Taps<Float>, into target: UnsafeMutablePointer<Float>
  ) {
    var places = taps.kernelTaps
    ck_gather_plane(plane, rowStride, &places, taps.count, target)
  }

  static func gatherVolumeFinite(
    _ volume: UnsafePointer<Float>, rowStride: Int, planeStride: Int, ahead: Int, _ taps: Taps<Float>,
    into target: UnsafeMutablePointer<Float>
  ) {
    var places = taps.kernelTaps
    ck_gather_volume(volume, rowStride, planeStride, ahead, &places, taps.count, target)
  }
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
    _ volume: UnsafePointer<Double>, rowStride: Int, planeStride: Int, ahead: Int, _ taps: Taps<Double>,
    into target: UnsafeMutablePointer<Double>
  ) {
    for i in 0..<taps.count {
      target[i] = trilinear(
        volume + Int(taps.index[i]), rowStride, planeStride,
        taps.fractionZ[i], taps.fractionY[i], taps.fractionX[i])
    }
  }
}

/// Gathers linear samples from a patch that holds extremes: a neighbour of zero weight is not looked at.
func gatherCarefully<S: FusionScalar>(
  _ volume: UnsafePointer<S>, rowStride: Int, planeStride: Int, hasZ: Bool, _ taps: Taps<S>,
  into target: UnsafeMutablePointer<S>
) {
  func blend(_ a: S, _ b: @autoclosure () -> S, _ f: S) -> S { f == 0 ? a : ExtremeNumbers.interpolate(a, b(), f) }
  for i in 0..<taps.count {
    let p = volume + Int(taps.index[i])
    let (fz, fy, fx) = (hasZ ? taps.fractionZ[i] : 0, taps.fractionY[i], taps.fractionX[i])
    func column(_ at: Int) -> S { blend(p[at], p[at + planeStride], fz) }
    func row(_ at: Int) -> S { blend(column(at), column(at + rowStride), fy) }
    target[i] = blend(row(0), row(1), fx)
  }
}
