/// Which views touch a box of output voxels, without looking at all of them: a packed R-tree, built once.
///
/// Boxes are in output index coordinates (pixel centres, inclusive at both ends). Building sorts by centre in z, y and
/// x slabs (sort-tile-recursive); a query visits the nodes that meet the box, logarithmic in the number of views.
public struct ViewIndex: Sendable {
  /// Bounds of one view, with the map that decides whether it really touches.
  public struct Entry: Sendable {
    public let view: Int
    public let lower: Vector3
    public let upper: Vector3

    public init(view: Int, lower: Vector3, upper: Vector3) {
      (self.view, self.lower, self.upper) = (view, lower, upper)
    }
  }

  private static let fanout = 8
  private var entries: [Entry]
  /// `levels[0]` bounds groups of entries, each further one groups of the one before; the last has one node.
  private var levels: [[(lower: Vector3, upper: Vector3)]] = []

  public init(_ entries: [Entry]) {
    self.entries = entries
    sortTiles()
    var bounds = self.entries.map { (lower: $0.lower, upper: $0.upper) }
    while bounds.count > 1 || levels.isEmpty {
      if bounds.isEmpty { break }
      var next: [(lower: Vector3, upper: Vector3)] = []
      for start in stride(from: 0, to: bounds.count, by: Self.fanout) {
        var node = bounds[start]
        for other in bounds[start..<min(start + Self.fanout, bounds.count)].dropFirst() {
          node.lower = pointwiseMin(node.lower, other.lower)
          node.upper = pointwiseMax(node.upper, other.upper)
        }
        next.append(node)
      }
      levels.append(next)
      bounds = next
    }
  }

  public var isEmpty: Bool { entries.isEmpty }
  public var count: Int { entries.count }

  /// The views whose bounds meet a box of output voxels, in ascending order.
  public func views(touching box: Box3) -> [Int] {
    var found: [Int] = []
    visit(box) {
      found.append($0); return true
    }
    found.sort()
    return found
  }

  /// Whether any view's bounds meet the box.
  ///
  /// - Parameter isWanted: says by its number whether a view counts.
  public func anyView(touching box: Box3, where isWanted: (Int) -> Bool = { _ in true }) -> Bool {
    var any = false
    visit(box) { view in
      any = isWanted(view)
      return !any
    }
    return any
  }

  private func visit(_ box: Box3, _ body: (Int) -> Bool) {
    guard !levels.isEmpty, !box.isEmpty else { return }
    // 1e-6: the tolerance to which a pixel map snaps
    let lower = Vector3(box.lower) - 1e-6
    let upper = Vector3(box.upper &- 1) + 1e-6
    var stack: [(level: Int, node: Int)] = [(levels.count - 1, 0)]
    while let (level, node) = stack.popLast() {
      let bounds = levels[level][node]
      guard meets(bounds.lower, bounds.upper, lower, upper) else { continue }
      let first = node * Self.fanout
      if level == 0 {
        for i in first..<min(first + Self.fanout, entries.count)
        where meets(entries[i].lower, entries[i].upper, lower, upper) {
          if !body(entries[i].view) { return }
        }
      } else {
        for child in first..<min(first + Self.fanout, levels[level - 1].count) { stack.append((level - 1, child)) }
      }
    }
  }

  private mutating func sortTiles() {
    let n = entries.count
    let leaves = max(1, ceilDivide(n, Self.fanout))
    let perAxis = max(1, Int(Double(leaves).approximateCubeRoot.rounded(.up)))
    entries.sort { $0.lower[0] + $0.upper[0] < $1.lower[0] + $1.upper[0] }
    let slab = max(1, ceilDivide(n, perAxis))
    for z in stride(from: 0, to: n, by: slab) {
      let zRange = z..<min(z + slab, n)
      entries[zRange].sort { $0.lower[1] + $0.upper[1] < $1.lower[1] + $1.upper[1] }
      let row = max(1, ceilDivide(zRange.count, perAxis))
      for y in stride(from: zRange.lowerBound, to: zRange.upperBound, by: row) {
        entries[y..<min(y + row, zRange.upperBound)].sort { $0.lower[2] + $0.upper[2] < $1.lower[2] + $1.upper[2] }
      }
    }
  }
}

@inline(__always)
private func meets(_ aLower: Vector3, _ aUpper: Vector3, _ bLower: Vector3, _ bUpper: Vector3) -> Bool {
  all(aLower .<= bUpper) && all(bLower .<= aUpper)
}

extension Double {
  /// The cube root, near enough to choose a tiling.
  fileprivate var approximateCubeRoot: Double {
    guard self > 0 else { return 0 }
    var r = 1.0
    while r * r * r < self { r += 1 }
    return r
  }
}
