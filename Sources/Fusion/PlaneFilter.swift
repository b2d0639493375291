import Geometry
import Memory

/// A Gaussian filter of planes along y and x, with its working memory.
final class PlaneFilter {
  private let lines = ScratchBuffer()
  private let zeros = ScratchBuffer()
  private let rowTable = RowTable()
  private let lineTable = RowTable()

  /// Filters a part of a plane; outside the plane all numbers are 0.
  ///
  /// - Parameters:
  ///   - input: the plane, `height` rows of `width` numbers, `stride` apart.
  ///   - rows: the rows to filter.
  ///   - columns: the columns to filter.
  ///   - output: the place of a filtered row, by its number among `rows`.
  func filter(
    _ kernel: GaussianKernel, _ input: UnsafePointer<Float>, height: Int, width: Int, stride: Int, rows: Range<Int>,
    columns: Range<Int>, into output: (Int) -> UnsafeMutablePointer<Float>
  ) {
    let radius = kernel.radius
    let margin = (radius + 15) / 16 * 16
    let lineStride = PaddedShape.oddLines(width + 2 * margin)
    let lines = lines.reserve(Float.self, count: rows.count * lineStride)
    let zeros = zeros.reserve(Float.self, count: max(width, GaussianKernel.mostColumns))
    zeros.update(repeating: 0, count: max(width, GaussianKernel.mostColumns))
    rowTable.fill(rows.count + 2 * radius) {
      let row = rows.lowerBound + $0 - radius
      return row >= 0 && row < height ? input + row * stride : UnsafePointer(zeros)
    }
    let chunk = kernel.columnCount
    var column = 0
    while column < width {
      let some = column..<min(column + chunk, width)
      kernel.filter(rowTable.rows, count: rows.count, columns: some) { lines + $0 * lineStride + margin }
      column = some.upperBound
    }
    lineTable.fill(2 * radius + 1) { UnsafePointer(lines + margin + columns.lowerBound - radius + $0) }
    for y in 0..<rows.count {
      let row = lines + y * lineStride
      row.update(repeating: 0, count: margin)
      (row + margin + width).update(repeating: 0, count: margin)
      let place = y * lineStride
      kernel.filter(lineTable.rows, columns: place..<(place + columns.count), into: output(y) - place)
    }
  }
}
