import CKernels
import Geometry

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much structure a tile of a view has: the entropy of its cosine transform. It hangs on the tile's numbers alone.
final class TileQuality {
  private let transform: CosineTransform
  /// The sum of indices from which on coefficients are left out; nil: none is.
  private let support: Double?

  init(_ weights: ContentBasedDCTWeights, _ grid: TileGrid, blendsZ: Bool) {
    let sides = (blendsZ ? 0 : 1)..<3
    let shortest = sides.map { grid.size[$0] }.min() ?? 1
    support = weights.supportFraction.map { $0 * Double(shortest) }
    transform = CosineTransform(limit: support)
  }

  /// The quality of a tile of `shape` numbers, NaN or infinite where there is none; nil if less than a fifth are numbers, or all
  /// are 0. The tile is overwritten.
  ///
  /// Where there is no number, the least one stands in, or 0 if that is less than 0.0001.
  func quality(of tile: UnsafeMutablePointer<Float>, shape: Index3) -> Double? {
    let count = shape[0] * shape[1] * shape[2]
    var least: Float = 0
    let found = ck_count_numbers(tile, count, &least)
    if found == 0 || 5 * found < count { return nil }
    if found < count { ck_fill_gaps(tile, count, least > 0.0001 ? least : 0) }
    // without what all have in common nothing is left of a flat tile, not even what rounding leaves
    let base = tile[0]
    var (sum, squares) = (0.0, 0.0)
    ck_centre(tile, count, base, &sum, &squares)
    let common = Double(base)
    let coefficients = transform.coefficients(of: tile, shape: shape)
    let first = (sum + Double(count) * common) / Double(count).squareRoot()
    if let support {
      // a transform that keeps lengths has the length of its numbers
      let length = (squares + 2 * common * sum + Double(count) * common * common).squareRoot()
      guard length > 0 else { return nil }
      return Self.finite(2 / (support * support) * entropy(coefficients, first: first, unit: length))
    }
    var total = first.magnitude
    for coefficient in coefficients.dropFirst() { total += Double(coefficient.magnitude) }
    let mean = total / Double(count)
    guard mean > 0 else { return nil }
    return Self.finite(mean * entropy(coefficients, first: first, unit: mean))
  }

  /// `−Σ p log2 p`, `p` the size of a coefficient in units.
  private func entropy(_ coefficients: UnsafeBufferPointer<Float>, first: Double, unit: Double) -> Double {
    func part(_ size: Double) -> Double {
      let p = size / unit
      return p > 0 ? p * log2(p) : 0
    }
    if coefficients.isEmpty { return 0 }
    var sum = part(first.magnitude)
    for coefficient in coefficients.dropFirst() { sum += part(Double(coefficient.magnitude)) }
    return 0 - sum
  }

  /// Numbers near the largest there are have no transform, and no quality.
  private static func finite(_ quality: Double) -> Double? { quality.isFinite ? quality : nil }
}
