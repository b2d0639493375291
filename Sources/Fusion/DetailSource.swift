/// A view's numbers, row by row, as a detail filter asks for them.
protocol DetailSource {
  /// Writes a row of numbers, 0 where the view has none.
  ///
  /// - Parameters:
  ///   - x: the columns, the first of which is `values[0]`.
  ///   - mask: all 0; if the row has gaps, the columns that have a number are marked with 1.
  /// - Returns: the columns that have numbers.
  func row(
    z: Int, y: Int, x: Range<Int>, values: UnsafeMutablePointer<Float>, mask: UnsafeMutablePointer<Float>
  ) -> DetailRow
}

/// The columns of a row that have numbers, counted from its first.
enum DetailRow {
  /// All columns of a range, and no others.
  case interval(Range<Int>)
  /// The columns that are marked in the row's mask.
  case marked

  /// The columns of a row that have numbers; marks them in `mask` if there are gaps between them.
  static func marking(count: Int, _ mask: UnsafeMutablePointer<Float>, _ hasNumber: (Int) -> Bool) -> DetailRow {
    guard let first = (0..<count).first(where: hasNumber), let last = (0..<count).last(where: hasNumber) else {
      return .interval(0..<0)
    }
    if (first...last).allSatisfy(hasNumber) { return .interval(first..<(last + 1)) }
    for i in first...last where hasNumber(i) { mask[i] = 1 }
    return .marked
  }
}
