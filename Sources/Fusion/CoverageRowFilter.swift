import Memory

/// A Gaussian filter of rows of coverage along x.
final class CoverageRowFilter {
  let rows = CoverageRows()
  private let kernel: GaussianKernel
  private let table = RowTable()
  private let padded = ScratchBuffer()
  private var offset = 0
  private var inputWidth = 0
  private var forgets = false
  private var last: (number: Int32, output: CoverageRow)?

  init(_ kernel: GaussianKernel) { self.kernel = kernel }

  /// Prepares for the rows of a view.
  ///
  /// - Parameters:
  ///   - offset: the place of the first output column among the input's; beyond those all are 0.
  ///   - forgets: whether a row may be forgotten when the next one is asked for.
  func begin(inputWidth: Int, offset: Int, width: Int, forgets: Bool) {
    rows.begin(width: width)
    (self.inputWidth, self.offset, self.forgets, last) = (inputWidth, offset, forgets, nil)
  }

  func filter(_ row: CoverageRow) -> CoverageRow {
    if let last, last.number == row.number { return last.output }
    if forgets { rows.forget() }
    let output = computed(row)
    last = (row.number, output)
    return output
  }

  private func computed(_ row: CoverageRow) -> CoverageRow {
    let (radius, all) = (kernel.radius, 0..<rows.width)
    let support = max(0, row.support.lowerBound - radius - offset)..<max(0, row.support.upperBound + radius - offset)
    let reached = support.clamped(to: all)
    if row.support.isEmpty || reached.isEmpty { return rows.uniform(0) }
    let first = row.core.lowerBound + radius - offset
    let core = (first..<max(first, row.core.upperBound - radius - offset)).clamped(to: all)
    let value = core.isEmpty ? 0 : kernel.filter { _ in row.value }
    if core == all { return rows.uniform(value) }
    // with zeros on both sides; the centre of the first output is at `offset`
    let line = padded.reserve(Float.self, count: inputWidth + 2 * radius)
    line.update(repeating: 0, count: inputWidth + 2 * radius)
    (line + radius).update(from: row.data, count: inputWidth)
    table.fill(2 * radius + 1) { UnsafePointer(line + offset + $0) }
    return rows.row(support: reached, core: core, value: value) { kernel.filter(table.rows, columns: $0, into: $1) }
  }
}
