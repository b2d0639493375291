/// The rows of coverage, all of one width, that are made for a view, and their memory.
final class CoverageRows {
  private(set) var width = 0
  private var lastNumber: Int32 = 0
  private var blocks: [UnsafeMutablePointer<Float>] = []
  private var used = 0
  private var blockLength = 0
  private var uniformRows: [Float: CoverageRow] = [:]
  private var intervalRows: [Range<Int>: CoverageRow] = [:]
  private var lastInterval: CoverageRow?
  private static let rowsPerBlock = 64

  deinit { release() }

  private func release() {
    for block in blocks { block.deallocate() }
    blocks = []
  }

  /// Forgets all rows.
  func begin(width: Int) {
    if Self.rowsPerBlock * width > blockLength || Self.rowsPerBlock * width < blockLength / 2 {
      release()
      blockLength = Self.rowsPerBlock * width
    }
    self.width = width
    forget()
  }

  func forget() {
    (used, lastInterval) = (0, nil)
    uniformRows.removeAll(keepingCapacity: true)
    intervalRows.removeAll(keepingCapacity: true)
  }

  /// A number that no row had before, also among those that were forgotten.
  func nextNumber() -> Int32 {
    lastNumber &+= 1
    return lastNumber
  }

  /// Memory for a row, all 0.
  func makeRow() -> UnsafeMutablePointer<Float> {
    let (block, row) = (used / Self.rowsPerBlock, used % Self.rowsPerBlock)
    if block == blocks.count { blocks.append(.allocate(capacity: blockLength)) }
    used += 1
    let result = blocks[block] + row * width
    result.update(repeating: 0, count: width)
    return result
  }

  /// A row that is `value` in its core, and computed between the ends of its support and the core.
  func row(
    support: Range<Int>, core: Range<Int>, value: Float,
    _ compute: (_ columns: Range<Int>, _ data: UnsafeMutablePointer<Float>) -> Void
  ) -> CoverageRow {
    let data = makeRow()
    let inner = core.clamped(to: support)
    // a few columns more cost nothing, and become what they are anyway
    func widened(_ range: Range<Int>) -> Range<Int> {
      if range.isEmpty || range.count >= 8 || width < 8 { return range }
      let first = min(range.lowerBound, width - 8)
      return first..<(first + 8)
    }
    if inner.isEmpty {
      compute(widened(support), data)
    } else {
      compute(widened(support.lowerBound..<inner.lowerBound), data)
      (data + inner.lowerBound).update(repeating: value, count: inner.count)
      compute(widened(inner.upperBound..<support.upperBound), data)
    }
    return CoverageRow(
      number: nextNumber(), support: support, core: inner.isEmpty ? 0..<0 : core, value: value, data: data)
  }

  /// A row of one number.
  func uniform(_ value: Float) -> CoverageRow {
    if let row = uniformRows[value] { return row }
    let data = makeRow()
    data.update(repeating: value, count: width)
    let row = CoverageRow(
      number: value == 0 ? 0 : nextNumber(), support: value == 0 ? 0..<0 : 0..<width, core: 0..<width, value: value,
      data: data)
    uniformRows[value] = row
    return row
  }

  /// A row of ones in a range, and zeros elsewhere.
  func interval(_ range: Range<Int>) -> CoverageRow {
    if range.isEmpty { return uniform(0) }
    if range == 0..<width { return uniform(1) }
    if let lastInterval, lastInterval.support == range { return lastInterval }
    if let row = intervalRows[range] {
      lastInterval = row
      return row
    }
    let data = makeRow()
    (data + range.lowerBound).update(repeating: 1, count: range.count)
    let row = CoverageRow(number: nextNumber(), support: range, core: range, value: 1, data: data)
    (intervalRows[range], lastInterval) = (row, row)
    return row
  }
}
