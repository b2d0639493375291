import Memory

/// A Gaussian filter of rows of coverage along z or y, line by line.
///
/// A line of rows equal to the line before has the same result, which is not computed again. The numbers are exactly
/// those that filtering every voxel would give.
final class CoverageFilter {
  let rows = CoverageRows()
  private let kernel: GaussianKernel
  private let table = RowTable()
  private var lastNumbers: [Int32] = []
  private var lastOutput: [CoverageRow] = []
  private var laid: [CoverageRow] = []
  private let ends = ScratchBuffer()
  private var ofEqual: [Int32: CoverageRow] = [:]

  init(_ kernel: GaussianKernel) { self.kernel = kernel }

  func begin(width: Int) {
    rows.begin(width: width)
    lastNumbers = []
    ofEqual.removeAll(keepingCapacity: true)
  }

  /// Returns the `count` filtered rows of a line of rows.
  ///
  /// - Parameters:
  ///   - offset: the place of the first output row among the input rows; beyond those all are 0.
  ///   - forgets: whether the rows returned for earlier lines may be forgotten.
  func filter(_ input: [CoverageRow], offset: Int, count: Int, forgets: Bool) -> [CoverageRow] {
    if kernel.radius == 0 { return Array(input[offset..<(offset + count)]) }
    if lastNumbers.count == input.count, lastOutput.count == count,
      zip(lastNumbers, input).allSatisfy({ $0 == $1.number })
    {
      return lastOutput
    }
    if forgets {
      rows.forget()
      ofEqual.removeAll(keepingCapacity: true)
    }
    lastNumbers = input.map(\.number)
    lay(input)
    let radius = kernel.radius
    lastOutput.removeAll(keepingCapacity: true)
    var run = 0
    for i in 0..<(input.count + 2 * radius) {
      run = i > 0 && laid[i].number == laid[i - 1].number ? run + 1 : 1
      let place = i - 2 * radius - offset
      guard place >= 0 && place < count else { continue }
      if run > 2 * radius {
        let number = laid[i].number
        let row = ofEqual[number] ?? blend(i - 2 * radius)
        ofEqual[number] = row
        lastOutput.append(row)
      } else {
        lastOutput.append(blend(i - 2 * radius))
      }
    }
    return lastOutput
  }

  /// Lays out a line with empty rows before and after it.
  private func lay(_ input: [CoverageRow]) {
    let (radius, empty) = (kernel.radius, rows.uniform(0))
    let margin = Array(repeating: empty, count: radius)
    laid = margin + input + margin
    table.fill(laid.count) { laid[$0].data }
    let all = ends.reserve(Int32.self, count: 4 * laid.count)
    for i in 0..<laid.count {
      let row = laid[i]
      let isEmpty = row.support.isEmpty
      all[i] = Int32(truncatingIfNeeded: isEmpty ? rows.width : row.support.lowerBound)
      all[laid.count + i] = Int32(truncatingIfNeeded: isEmpty ? 0 : row.support.upperBound)
      all[2 * laid.count + i] = Int32(truncatingIfNeeded: row.core.lowerBound)
      all[3 * laid.count + i] = Int32(truncatingIfNeeded: row.core.isEmpty ? 0 : row.core.upperBound)
    }
  }

  /// The filtered row of the window that begins at a place of the line that is laid out.
  private func blend(_ first: Int) -> CoverageRow {
    let (width, size, n) = (rows.width, 2 * kernel.radius + 1, laid.count)
    let all = UnsafePointer(ends.base.assumingMemoryBound(to: Int32.self)) + first
    let lower = Int(least(all, size))
    let upper = Int(greatest(all + n, size))
    if lower >= upper { return rows.uniform(0) }
    let coreLower = Int(greatest(all + 2 * n, size))
    let core = coreLower..<max(coreLower, Int(least(all + 3 * n, size)))
    let value = core.isEmpty ? 0 : kernel.filter { laid[first + $0].value }
    if core == 0..<width { return rows.uniform(value) }
    return rows.row(support: lower..<upper, core: core, value: value) {
      kernel.filter(table.rows + first, columns: $0, into: $1)
    }
  }

  private func least(_ numbers: UnsafePointer<Int32>, _ count: Int) -> Int32 {
    var result = numbers[0]
    for i in 1..<max(count, 1) { result = min(result, numbers[i]) }
    return result
  }

  private func greatest(_ numbers: UnsafePointer<Int32>, _ count: Int) -> Int32 {
    var result = numbers[0]
    for i in 1..<max(count, 1) { result = max(result, numbers[i]) }
    return result
  }
}
