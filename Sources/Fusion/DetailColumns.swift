import CKernels
import Geometry
import Memory

/// The second of the three steps of a detail filter: columns of smoothed planes are filtered along z, taken from the view's
/// own numbers, squared, and filtered along z again.
///
/// A row of the block is worked on with all of its planes, some columns at a time, so that they stay in the cache.
final class DetailColumns {
  private let inner: GaussianKernel
  private let outer: GaussianKernel
  private let columns = ScratchBuffer()
  private let innerTable = RowTable()
  private let outerTable = RowTable()
  private let masks = CoverageRows()
  private let innerCoverage: CoverageFilter
  private let outerCoverage: CoverageFilter

  /// - Parameters:
  ///   - inner: the kernel of the first filter along z.
  ///   - outer: the kernel of the second.
  init(inner: GaussianKernel, outer: GaussianKernel) {
    (self.inner, self.outer) = (inner, outer)
    (innerCoverage, outerCoverage) = (CoverageFilter(inner), CoverageFilter(outer))
  }

  /// Filters all columns.
  ///
  /// - Parameters:
  ///   - smooth: the planes of `boxes.bounds`, smoothed along y and x, in `boxes.smoothShape`.
  ///   - signal: the view's numbers in `boxes.middle`, padded.
  ///   - masks: for every row of `boxes.bounds`, in C order, where the view has numbers.
  ///   - coverage: the coverage of every row of `smooth`.
  ///   - detail: the result, in `boxes.detailShape`.
  /// - Returns: the coverage of every row of `detail`: all planes of the first row, then those of the next.
  func filter(
    _ boxes: DetailBoxes, smooth: UnsafePointer<Float>, signal: UnsafePointer<Float>, masks allMasks: [CoverageRow],
    coverage: [CoverageRow], into detail: UnsafeMutablePointer<Float>
  ) -> [CoverageRow] {
    let (bounds, rows, width) = (boxes.bounds, boxes.middle.shape[1], boxes.middle.shape[2])
    let start = boxes.middle.lower &- bounds.lower
    let work = layOut(boxes)
    masks.begin(width: width)
    innerCoverage.begin(width: width)
    outerCoverage.begin(width: width)
    var all: [CoverageRow] = []
    all.reserveCapacity(work.detailCount * rows)
    for y in 0..<rows {
      let before = (0..<work.smoothCount).map { coverage[$0 * rows + y] }
      let middle = (0..<work.squareCount).map {
        clip(allMasks[($0 + start[0]) * bounds.shape[1] + y + start[1]], start[2], width)
      }
      let norms = innerCoverage.filter(before, offset: start[0], count: work.squareCount, forgets: true)
      all += outerCoverage.filter(middle, offset: work.firstDetail, count: work.detailCount, forgets: false)
      for column in stride(from: 0, to: width, by: GaussianKernel.mostColumns) {
        let some = column..<min(column + GaussianKernel.mostColumns, width)
        squareColumns(some, y: y, boxes, work, smooth: smooth, signal: signal, norms: norms, masks: middle)
        filterSquares(some, y: y, boxes, work, into: detail)
      }
    }
    return all
  }

  /// Some columns of a row of the block, in all planes, in working memory.
  private struct Work {
    /// How many planes there are as they come, squared, and filtered again.
    let smoothCount: Int
    let squareCount: Int
    let detailCount: Int
    /// The first plane that is asked for among the squared ones.
    let firstDetail: Int
    /// The planes as they come: a row each, `rowStride` apart.
    let planes: UnsafeMutablePointer<Float>
    let squares: UnsafeMutablePointer<Float>
    let smoothed: UnsafeMutablePointer<Float>
    static let rowStride = GaussianKernel.mostColumns + 16
  }

  /// Takes working memory and lays out the windows of both filters; beyond the planes they have a row of zeros.
  private func layOut(_ boxes: DetailBoxes) -> Work {
    let (bounds, middle, wanted) = (boxes.bounds, boxes.middle, boxes.wanted)
    let (smoothCount, squareCount) = (bounds.shape[0], middle.shape[0])
    let rowStride = Work.rowStride
    let planes = columns.reserve(Float.self, count: (smoothCount + 2 * squareCount + 1) * rowStride)
    let squares = planes + smoothCount * rowStride
    let smoothed = squares + squareCount * rowStride
    let zeros = smoothed + squareCount * rowStride
    zeros.update(repeating: 0, count: rowStride)
    let first = middle.lower[0] - bounds.lower[0] - inner.radius
    innerTable.fill(squareCount + 2 * inner.radius) {
      let plane = first + $0
      return UnsafePointer(plane >= 0 && plane < smoothCount ? planes + plane * rowStride : zeros)
    }
    let firstDetail = wanted.lower[0] - middle.lower[0]
    outerTable.fill(wanted.shape[0] + 2 * outer.radius) {
      let plane = firstDetail + $0 - outer.radius
      return UnsafePointer(plane >= 0 && plane < squareCount ? squares + plane * rowStride : zeros)
    }
    return Work(
      smoothCount: smoothCount, squareCount: squareCount, detailCount: wanted.shape[0], firstDetail: firstDetail,
      planes: planes, squares: squares, smoothed: smoothed)
  }

  /// Filters columns along z, and squares what is between them and the view's numbers.
  private func squareColumns(
    _ some: Range<Int>, y: Int, _ boxes: DetailBoxes, _ work: Work, smooth: UnsafePointer<Float>,
    signal: UnsafePointer<Float>, norms: [CoverageRow], masks: [CoverageRow]
  ) {
    let (from, kept) = (boxes.smoothShape, PaddedShape(boxes.middle.shape))
    let (column, count) = (some.lowerBound, some.count)
    for z in 0..<work.smoothCount {
      (work.planes + z * Work.rowStride).update(from: smooth + from.offset(z, y) + column, count: count)
    }
    inner.filter(innerTable.rows, count: work.squareCount, columns: 0..<count) { work.smoothed + $0 * Work.rowStride }
    for z in 0..<work.squareCount {
      square(
        signal + kept.offset(z, y) + column, work.smoothed + z * Work.rowStride, norms[z].data + column, masks[z],
        columns: some, into: work.squares + z * Work.rowStride)
    }
  }

  private func filterSquares(
    _ some: Range<Int>, y: Int, _ boxes: DetailBoxes, _ work: Work, into detail: UnsafeMutablePointer<Float>
  ) {
    let to = boxes.detailShape
    for first in stride(from: 0, to: some.count, by: outer.columnCount) {
      let few = first..<min(first + outer.columnCount, some.count)
      outer.filter(outerTable.rows, count: work.detailCount, columns: few) { detail + to.offset($0, y) + some.lowerBound }
    }
  }

  private func square(
    _ values: UnsafePointer<Float>, _ smooth: UnsafePointer<Float>, _ norm: UnsafePointer<Float>, _ mask: CoverageRow,
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

  /// The part of a mask that lies in the middle box.
  private func clip(_ mask: CoverageRow, _ start: Int, _ width: Int) -> CoverageRow {
    if !mask.core.isEmpty || mask.support.isEmpty {
      let range = mask.support.clamped(to: start..<(start + width))
      return masks.interval(range.isEmpty ? 0..<0 : (range.lowerBound - start)..<(range.upperBound - start))
    }
    return CoverageRow(number: masks.nextNumber(), support: 0..<width, core: 0..<0, value: 0, data: mask.data + start)
  }
}
