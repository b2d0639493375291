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
  /// The weight of the centre, then those of each pair beside it.
  private let weights: [Float]

  /// How many voxels the kernel reaches to each side.
  static func radius(sigma: Double) -> Int { Int(4 * sigma + 0.5) }

  /// The kernel that leaves everything as it is.
  static let none = GaussianKernel(sigma: 0)

  init(sigma: Double) {
    radius = Self.radius(sigma: sigma)
    let raw = (0...radius).map { sigma > 0 ? exp(-0.5 * Double($0 * $0) / (sigma * sigma)) : 1 }
    let sum = raw[0] + 2 * raw.dropFirst().reduce(0, +)
    weights = raw.map { Float($0 / sum) }
  }

  /// The most columns that are filtered at a time, so that working memory stays small.
  static let mostColumns = 128

  /// Columns to filter at a time, so that the rows of a window stay in the nearest cache: 24 KiB, 6,144 numbers.
  var columnCount: Int { min(Self.mostColumns, max(32, 6144 / (2 * radius + 1) / 32 * 32)) }

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

  /// Exactly the number that filtering rows gives for a window of these values.
  func filter(_ value: (Int) -> Float) -> Float {
    var sum = weights[0] * value(radius)
    for j in 1..<max(radius + 1, 1) { sum += weights[j] * (value(radius - j) + value(radius + j)) }
    return sum
  }
}
