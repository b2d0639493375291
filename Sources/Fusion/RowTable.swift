/// The addresses of the rows of a filter's windows, as the kernels in C take them.
final class RowTable {
  private(set) var rows: UnsafeMutablePointer<UnsafePointer<Float>?>
  private var capacity = 64

  init() {
    rows = .allocate(capacity: capacity)
    rows.initialize(repeating: nil, count: capacity)
  }

  deinit { rows.deallocate() }

  /// Writes the addresses of `count` rows.
  func fill(_ count: Int, _ row: (Int) -> UnsafePointer<Float>) {
    if count > capacity {
      rows.deallocate()
      capacity = count
      rows = .allocate(capacity: capacity)
      rows.initialize(repeating: nil, count: capacity)
    }
    for i in 0..<count { rows[i] = row(i) }
  }
}
