import CKernels
import Geometry
import Memory

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The orthonormal cosine transform (DCT-II) of tiles, and of its coefficients only those whose indices sum to less than a
/// limit: along each axis a product with a matrix, of which later axes need ever fewer rows.
///
/// Every sum runs over the same numbers in the same order, so a tile's coefficients hang on nothing but its numbers.
final class CosineTransform {
  /// Coefficients whose indices sum to this or more are left out; nil: none is.
  private let limit: Double?
  private var matrices: [Int: Matrix] = [:]
  private let planes = ScratchBuffer()
  private let lines = ScratchBuffer()
  private let kept = ScratchBuffer()

  init(limit: Double?) { self.limit = limit }

  /// How many coefficients along an axis of so many numbers are kept, where the indices along other axes sum to `used`.
  private func keptCount(_ length: Int, _ used: Int) -> Int {
    guard let limit else { return length }
    return max(0, min(length, Int((min(limit, 1e9) - Double(used)).rounded(.up))))
  }

  /// The coefficients of a tile of `shape` numbers in C order, in C order of their indices: first that of 0, 0, 0. They are
  /// there until the next tile.
  func coefficients(of tile: UnsafePointer<Float>, shape: Index3) -> UnsafeBufferPointer<Float> {
    let (depth, height, width) = (shape[0], shape[1], shape[2])
    let plane = height * width
    let counts = Index3(keptCount(depth, 0), keptCount(height, 0), keptCount(width, 0))
    let planes = planes.reserve(Float.self, count: counts[0] * plane)
    let rows = lines.reserve(Float.self, count: counts[1] * (width + counts[2]))
    let results = rows + counts[1] * width
    let kept = kept.reserve(Float.self, count: counts[0] * counts[1] * counts[2])
    let (alongZ, alongY, alongX) = (matrix(depth), matrix(height), matrix(width))
    ck_multiply(alongZ.rows, counts[0], depth, tile, plane, plane, planes, plane)
    var count = 0
    for z in 0..<counts[0] {
      let rowCount = keptCount(height, z)
      let columnCount = keptCount(width, z)
      ck_multiply(alongY.rows, rowCount, height, planes + z * plane, width, width, rows, width)
      // the rows are the matrix here, so that many sums go on at once
      ck_multiply(rows, rowCount, width, alongX.columns, width, columnCount, results, columnCount)
      for y in 0..<rowCount {
        let some = keptCount(width, z + y)
        (kept + count).update(from: results + y * columnCount, count: some)
        count += some
      }
    }
    return UnsafeBufferPointer(start: kept, count: count)
  }

  /// The memory in bytes for tiles of no more than `size` numbers along each axis.
  static func byteCount(size: Index3) -> Int {
    let count = size[0] * size[1] * size[2]
    let matrices = (0..<3).reduce(0) { $0 + 2 * size[$1] * size[$1] }
    // a last tile along an axis may be shorter, and has a matrix of its own
    return 4 * (2 * count + 2 * size[1] * size[2] + 2 * matrices)
  }

  private func matrix(_ length: Int) -> Matrix {
    if let made = matrices[length] { return made }
    let made = Matrix(length)
    matrices[length] = made
    return made
  }

  /// The cosines of one length, row by row and column by column.
  private struct Matrix {
    /// `rows[k * n + i]` is what number `i` counts for in coefficient `k`.
    let rows: [Float]
    /// The same, turned: `columns[i * n + k]`.
    let columns: [Float]

    init(_ n: Int) {
      var rows = [Float](repeating: 0, count: n * n)
      var columns = rows
      for k in 0..<n {
        let norm = (Double(k == 0 ? 1 : 2) / Double(n)).squareRoot()
        for i in 0..<n {
          // whole turns left out, so that large indices cost no digits
          let angle = Double((2 * i + 1) * k % (4 * n)) / Double(2 * n)
          let value = Float(norm * cos(angle * .pi))
          rows[k * n + i] = value
          columns[i * n + k] = value
        }
      }
      (self.rows, self.columns) = (rows, columns)
    }
  }
}
