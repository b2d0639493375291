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
