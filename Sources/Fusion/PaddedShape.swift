import Geometry

/// A box of numbers in memory whose rows and planes are an odd number of cache lines apart: at powers of two, the rows of a
/// filter's window would share a few places of the cache.
struct PaddedShape {
  let shape: Index3
  let rowStride: Int
  let planeStride: Int

  init(_ shape: Index3) {
    self.shape = shape
    rowStride = Self.oddLines(shape[2])
    planeStride = Self.oddLines(shape[1] * rowStride)
  }

  var count: Int { shape[0] * planeStride }

  /// A length of at least `count` numbers that is an odd number of cache lines, of 16 numbers each.
  static func oddLines(_ count: Int) -> Int { (count + 15) / 16 * 16 | 16 }

  func offset(_ z: Int, _ y: Int) -> Int { z * planeStride + y * rowStride }
}
