/// A 16-bit IEEE float as bits: the standard library's `Float16` is missing on some platforms and calls a function a
/// value on others.
package struct Half: Equatable, Sendable, BitwiseCopyable {
  package var bits: UInt16

  package init(bits: UInt16) { self.bits = bits }

  /// Rounds to nearest, ties to even; too large is infinity.
  @inline(__always)
  package init(_ value: Float) {
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

  /// Rounds once: by way of a `Float` that was rounded to odd.
  @inline(__always)
  package init(_ value: Double) {
    let near = Float(value)
    var pattern = near.bitPattern
    if near.isFinite && Double(near) != value && pattern & 1 == 0 {
      pattern = Double(near).magnitude < value.magnitude ? pattern &+ 1 : pattern &- 1
    }
    self.init(Float(bitPattern: pattern))
  }

  @inline(__always)
  package var float: Float {
    let shifted = UInt32(bits & 0x7fff) << 13
    let sign = UInt32(bits & 0x8000) << 16
    // 2^112 moves the exponent's bias, and makes subnormals normal
    let scaled = Float(bitPattern: shifted) * Float(bitPattern: 0x7780_0000)
    let magnitude = shifted >= 0x0f80_0000 ? shifted | 0x7f80_0000 : scaled.bitPattern
    return Float(bitPattern: magnitude | sign)
  }
}
