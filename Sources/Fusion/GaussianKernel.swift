import CKernels
import Geometry

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A Gaussian cut off at 4 sigma, of sum 1.
///
/// Every sum runs over the same numbers in the same order wherever a block ends, so results do not depend on blocks.
struct GaussianKernel {
  let radius: Int
  /// Of the centre, and of each pair beside it.
  private let weights: [Float]

  static func radius(sigma: Double) -> Int { Int(4 * sigma + 0.5) }

  /// Leaves everything as it is.
  static let none = GaussianKernel(sigma: 0)

  init(sigma: Double) {
    radius = Self.radius(sigma: sigma)
    let raw = (0...radius).map { sigma > 0 ? exp(-0.5 * Double($0 * $0) / (sigma * sigma)) : 1 }
    let sum = raw[0] + 2 * raw.dropFirst().reduce(0, +)
    weights = raw.map { Float($0 / sum) }
  }

  /// Filters some columns of rows: `rows` are the `2 * radius + 1` rows of the window.
  func filter(
    _ rows: UnsafePointer<UnsafePointer<Float>?>, columns: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) {
    ck_convolve(rows, weights, radius, columns.lowerBound, columns.upperBound, target)
  }

  /// Filters columns of `count` rows, whose windows begin one row after the other.
  func filter(
    _ rows: UnsafePointer<UnsafePointer<Float>?>, count: Int, columns: Range<Int>,
    _ target: (Int) -> UnsafeMutablePointer<Float>
  ) {
    let (first, end) = (columns.lowerBound, columns.upperBound)
    var i = 0
    while i + 2 <= count {
      ck_convolve_two(rows + i, weights, radius, first, end, target(i), target(i + 1))
      i += 2
    }
    if i < count { ck_convolve(rows + i, weights, radius, first, end, target(i)) }
  }

  /// The very number that `filter` gives where the rows of the window have these.
  func filter(_ value: (Int) -> Float) -> Float {
    var sum = weights[0] * value(radius)
    for j in 1..<max(radius + 1, 1) { sum += weights[j] * (value(radius - j) + value(radius + j)) }
    return sum
  }
}

/// Rows by their addresses, as the kernels take them.
final class RowTable {
  private(set) var rows: UnsafeMutablePointer<UnsafePointer<Float>?>
  private var capacity = 64

  init() {
    rows = .allocate(capacity: capacity)
    rows.initialize(repeating: nil, count: capacity)
  }

  deinit { rows.deallocate() }

  /// Writes `count` addresses.
  func fill(_ count: Int, _ row: (Int) -> UnsafePointer<Float>) {
    if count > capacity {
      rows.deallocate()
      capacity = count
      rows = .allocate(capacity: capacity)
      rows.initialize(repeating: nil, count: capacity)
    }
    for i in 0..<count { rows[i] = row(i) }
  }
}

/// How far apart rows, and planes of them, are in memory: an odd number of cache lines, since at powers of two the
/// rows of a window would share a few places of the cache.
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

  static func oddLines(_ count: Int) -> Int { (count + 15) / 16 * 16 | 16 }

  func offset(_ z: Int, _ y: Int) -> Int { z * planeStride + y * rowStride }
}
