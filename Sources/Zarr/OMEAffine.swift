/// An affine map between points of any number of coordinates: a row for each of the output, with a number for each of the
/// input and the shift last. What the transformations of OME-Zarr 0.6 come to, as far as they are affine.
public struct OMEAffine: Sendable, Hashable {
  public let inputCount: Int
  public let outputCount: Int
  /// Row by row.
  private var numbers: [Double]

  public init(inputCount: Int, outputCount: Int) {
    (self.inputCount, self.outputCount) = (inputCount, outputCount)
    numbers = [Double](repeating: 0, count: outputCount * (inputCount + 1))
  }

  /// The map with these rows, each with its shift last; all have `inputCount + 1` numbers.
  init(rows: [[Double]], inputCount: Int) {
    (self.inputCount, outputCount) = (inputCount, rows.count)
    numbers = rows.flatMap { $0 }
  }

  static func identity(_ count: Int) -> OMEAffine {
    var map = OMEAffine(inputCount: count, outputCount: count)
    for i in 0..<count { map[i, i] = 1 }
    return map
  }

  /// A shift is at column `inputCount`.
  public subscript(row: Int, column: Int) -> Double {
    get { numbers[row * (inputCount + 1) + column] }
    set { numbers[row * (inputCount + 1) + column] = newValue }
  }

  /// `self` after `first`.
  func after(_ first: OMEAffine) -> OMEAffine {
    var product = OMEAffine(inputCount: first.inputCount, outputCount: outputCount)
    for row in 0..<outputCount {
      for column in 0...first.inputCount {
        var sum = column == first.inputCount ? self[row, inputCount] : 0
        for i in 0..<inputCount { sum += self[row, i] * first[i, column] }
        product[row, column] = sum
      }
    }
    return product
  }

  /// Nil where there is none: the map is singular, or changes the number of coordinates.
  func inverse() -> OMEAffine? {
    guard inputCount == outputCount else { return nil }
    let n = inputCount
    var (left, right) = (self, OMEAffine.identity(n))
    for i in 0..<n { left[i, n] = 0 }
    let largest = numbers.map(\.magnitude).max() ?? 0
    for column in 0..<n {
      guard let pivot = (column..<n).max(by: { left[$0, column].magnitude < left[$1, column].magnitude }),
        left[pivot, column].magnitude > 1e-14 * largest
      else { return nil }
      for k in 0..<n {
        (left[column, k], left[pivot, k]) = (left[pivot, k], left[column, k])
        (right[column, k], right[pivot, k]) = (right[pivot, k], right[column, k])
      }
      let scale = left[column, column]
      for k in 0..<n {
        left[column, k] /= scale
        right[column, k] /= scale
      }
      for row in 0..<n where row != column && left[row, column] != 0 {
        let factor = left[row, column]
        for k in 0..<n {
          left[row, k] -= factor * left[column, k]
          right[row, k] -= factor * right[column, k]
        }
      }
    }
    for row in 0..<n {
      var shift = 0.0
      for k in 0..<n { shift -= right[row, k] * self[k, n] }
      right[row, n] = shift
    }
    return right
  }
}
