/// A 16-bit IEEE float as bits: the standard library's `Float16` is missing on some platforms, and on others calls a function
/// for each value.
///
/// All of it may be inlined into other modules: their loops over voxels would be several times slower otherwise.
@frozen public struct Half: Comparable, Hashable, Sendable, BitwiseCopyable {
  public var bits: UInt16

  @inlinable
  public init(bits: UInt16) { self.bits = bits }

  @inlinable @inline(__always)
  public static func < (a: Half, b: Half) -> Bool { a.float < b.float }

  /// The nearest half to a number, ties to even; infinity for what is too large.
  @inlinable @inline(__always)
  public init(_ value: Float) {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    var a = value.bitPattern & 0x7fff_ffff
    if a >= 0x4780_0000 {
      bits = sign | (a > 0x7f80_0000 ? 0x7e00 : 0x7c00)
    } else if a < 0x3880_0000 {
      // adding 0.5 leaves the subnormal's bits, rounded, at the end of the mantissa
      let shifted = Float(bitPattern: a) + 0.5
      bits = sign | UInt16(truncatingIfNeeded: shifted.bitPattern &- 0x3f00_0000)
    } else {
      let odd = (a >> 13) & 1
      a = a &+ 0xc800_0fff &+ odd
      bits = sign | UInt16(truncatingIfNeeded: a >> 13)
    }
  }

  /// The nearest half to a number. It is rounded only once: by way of a `Float` that was rounded to odd.
  @inlinable @inline(__always)
  public init(_ value: Double) {
    let near = Float(value)
    var pattern = near.bitPattern
    if near.isFinite && Double(near) != value && pattern & 1 == 0 {
      pattern = Double(near).magnitude < value.magnitude ? pattern &+ 1 : pattern &- 1
    }
    self.init(Float(bitPattern: pattern))
  }

  @inlinable @inline(__always)
  public var float: Float {
    let shifted = UInt32(bits & 0x7fff) << 13
    let sign = UInt32(bits & 0x8000) << 16
    // 2^112 moves the exponent's bias, and makes subnormals normal
    let scaled = Float(bitPattern: shifted) * Float(bitPattern: 0x7780_0000)
    let magnitude = shifted >= 0x0f80_0000 ? shifted | 0x7f80_0000 : scaled.bitPattern
    return Float(bitPattern: magnitude | sign)
  }
}
