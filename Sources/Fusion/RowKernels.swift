import CKernels
import Geometry

/// The hot loops over rows. Lengths are the caller's to know; nothing is checked here.
///
/// The types of nearly all images, 8 and 16 bits without sign in single precision, have kernels in C: the same
/// arithmetic for each instruction set. Which it is, is decided when the loops are compiled.
///
/// Interpolation is always `a + f * (b - a)`, along z, then y, then x: a constant stays exactly constant, and whole
/// positions are copied exactly.

@inline(__always)
func lerp<S: FusionScalar>(_ a: S, _ b: S, _ f: S) -> S { a + f * (b - a) }

/// A pointer under the name of the type that it is known to have.
@inline(__always)
private func cast<From, To>(_ pointer: UnsafePointer<From>) -> UnsafePointer<To> {
  UnsafeRawPointer(pointer).assumingMemoryBound(to: To.self)
}

@inline(__always)
private func cast<From, To>(_ pointer: UnsafeMutablePointer<From>) -> UnsafeMutablePointer<To> {
  UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: To.self)
}

/// Converts a row of voxels.
@inline(__always)
func convertRow<T: Voxel, S: RowArithmetic>(
  _ source: UnsafePointer<T>, count: Int, into target: UnsafeMutablePointer<S>
) {
  if S.self == Float.self {
    if T.self == UInt16.self { return ck_convert_u16(cast(source), count, cast(target)) }
    if T.self == UInt8.self { return ck_convert_u8(cast(source), count, cast(target)) }
  }
  for i in 0..<count { target[i] = S.of(source[i]) }
}

/// Blends two rows of voxels.
@inline(__always)
func blendRows<T: Voxel, S: RowArithmetic>(
  _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, fraction: S, count: Int, into target: UnsafeMutablePointer<S>
) {
  if S.self == Float.self {
    let f = unsafeBitCast(fraction, to: Float.self)
    if T.self == UInt16.self { return ck_blend_u16(cast(a), cast(b), f, count, cast(target)) }
    if T.self == UInt8.self { return ck_blend_u8(cast(a), cast(b), f, count, cast(target)) }
  }
  for i in 0..<count { target[i] = lerp(S.of(a[i]), S.of(b[i]), fraction) }
}

/// Blends two rows of numbers.
@inline(__always)
func blendNumbers<S: RowArithmetic>(
  _ a: UnsafePointer<S>, _ b: UnsafePointer<S>, fraction: S, count: Int, into target: UnsafeMutablePointer<S>
) {
  if S.self == Float.self { return ck_blend(cast(a), cast(b), unsafeBitCast(fraction, to: Float.self), count, cast(target)) }
  for i in 0..<count { target[i] = lerp(a[i], b[i], fraction) }
}
