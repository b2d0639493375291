import CKernels
import Geometry

/// Columns of planes, along z: smoothed, squared, and filtered again.
extension DetailFilter {
  /// Returns the shares of every row of `detail`.
  func filterColumns(_ boxes: Boxes, _ allMasks: [ShareRow], _ shares: [ShareRow]) -> [ShareRow] {
    let (bounds, middle, wanted) = (boxes.bounds, boxes.middle, boxes.wanted)
    let (width, rows) = (middle.shape[2], middle.shape[1])
    let (from, to, kept) = (boxes.smoothShape, boxes.detailShape, PaddedShape(middle.shape))
    let start = middle.lower &- bounds.lower
    let input = UnsafePointer(smooth.base.assumingMemoryBound(to: Float.self))
    let values = UnsafePointer(signal.base.assumingMemoryBound(to: Float.self))
    let results = detail.reserve(Float.self, count: to.count)
    // a column of planes: as read, smoothed, squared, and a row of zeros
    let n = Self.columnCount
    let (first, second) = (bounds.shape[0], middle.shape[0])
    let rowStride = n + 16
    let work = columns.reserve(Float.self, count: (first + 2 * second + 1) * rowStride)
    let squares = work + first * rowStride
    let smoothed = squares + second * rowStride
    let zeros = smoothed + second * rowStride
    zeros.update(repeating: 0, count: rowStride)
    table.fill(second + 2 * innerZ.radius) {
      let plane = start[0] + $0 - innerZ.radius
      return UnsafePointer(plane >= 0 && plane < first ? work + plane * rowStride : zeros)
    }
    let firstDetail = wanted.lower[0] - middle.lower[0]
    detailTable.fill(wanted.shape[0] + 2 * outerZ.radius) {
      let plane = firstDetail + $0 - outerZ.radius
      return UnsafePointer(plane >= 0 && plane < second ? squares + plane * rowStride : zeros)
    }

    innerMasks.begin(width: width)
    shareZ.begin(width: width)
    detailShareZ.begin(width: width)
    var all: [ShareRow] = []
    all.reserveCapacity(wanted.shape[0] * rows)
    var (columnShares, columnMasks): ([ShareRow], [ShareRow]) = ([], [])
    for y in 0..<rows {
      columnShares.removeAll(keepingCapacity: true)
      columnMasks.removeAll(keepingCapacity: true)
      for z in 0..<first { columnShares.append(shares[z * rows + y]) }
      for z in 0..<second {
        columnMasks.append(clip(allMasks[(z + start[0]) * bounds.shape[1] + y + start[1]], start[2], width))
      }
      let norms = shareZ.filter(columnShares, offset: start[0], count: second, forgets: true)
      all += detailShareZ.filter(columnMasks, offset: firstDetail, count: wanted.shape[0], forgets: false)
      var column = 0
      while column < width {
        let count = min(n, width - column)
        for z in 0..<first { (work + z * rowStride).update(from: input + from.offset(z, y) + column, count: count) }
        innerZ.filter(table.rows, count: second, columns: 0..<count) { smoothed + $0 * rowStride }
        for z in 0..<second {
          square(
            values + kept.offset(z, y) + column, smoothed + z * rowStride, norms[z].data + column, columnMasks[z],
            columns: column..<(column + count), into: squares + z * rowStride)
        }
        let few = Self.columnCount(outerZ.radius)
        for some in stride(from: 0, to: count, by: few).map({ $0..<min($0 + few, count) }) {
          outerZ.filter(detailTable.rows, count: wanted.shape[0], columns: some) {
            results + to.offset($0, y) + column
          }
        }
        column += count
      }
    }
    return all
  }

  private func square(
    _ values: UnsafePointer<Float>, _ smooth: UnsafePointer<Float>, _ norm: UnsafePointer<Float>, _ mask: ShareRow,
    columns: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) {
    let range = mask.support.clamped(to: columns)
    target.update(repeating: 0, count: columns.count)
    if range.isEmpty { return }
    let at = range.lowerBound - columns.lowerBound
    ck_detail(values + at, smooth + at, norm + at, range.count, target + at)
    if mask.core.isEmpty {
      for i in range where mask.data[i] == 0 { target[i - columns.lowerBound] = 0 }
    }
  }

  /// The part of a mask that lies in the middle.
  private func clip(_ mask: ShareRow, _ start: Int, _ width: Int) -> ShareRow {
    if !mask.core.isEmpty || mask.support.isEmpty {
      let range = mask.support.clamped(to: start..<(start + width))
      return innerMasks.interval(range.isEmpty ? 0..<0 : (range.lowerBound - start)..<(range.upperBound - start))
    }
    return ShareRow(
      number: innerMasks.nextNumber(), support: 0..<width, core: 0..<0, value: 0, data: mask.data + start)
  }
}
