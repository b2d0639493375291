import Geometry
import JobStore

/// How the blocks of a level are shared out: each share is a run of blocks in the order of their bricks and, within a
/// brick, along a Morton curve, so neighbours in space; the runs are of equal cost. Every block is in exactly one share.
///
/// Computed by each task for itself, from numbers in the work order, with integers only: all get the same.
package struct ShareMap: Sendable {
  /// A place between two blocks: before the one of this rank in the brick's order.
  package struct Place: Comparable, Hashable, Sendable {
    package let brick: Int
    package let rank: Int

    package static func < (a: Place, b: Place) -> Bool { (a.brick, a.rank) < (b.brick, b.rank) }
  }

  package let layout: BrickLayout
  /// One more than there are shares.
  package let bounds: [Place]

  package var count: Int { bounds.count - 1 }

  /// - Parameter costs: of the bricks that cost anything, in order; one number for each run of blocks of a brick.
  package init(_ layout: BrickLayout, costs: [(brick: Int, costs: [UInt32])], count: Int) {
    self.layout = layout
    // a brick without a cost takes a look all the same
    let total = costs.reduce(layout.count) { $0 + $1.costs.reduce(0) { $0 + Int($1) } }
    // the k-th of `count` equal parts, without overflow
    func goal(_ k: Int) -> Int { total / count * k + total % count * k / count }
    var bounds = [Place(brick: 0, rank: 0)]
    bounds.reserveCapacity(count + 1)
    var sum = 0
    var next = goal(1)
    func pass(_ cost: Int, _ place: (_ part: Int, _ of: Int) -> Place) {
      while bounds.count < count, sum + cost >= next {
        bounds.append(place(next - sum, cost))
        next = goal(bounds.count)
      }
      sum += cost
    }
    var known = costs[...]
    for brick in 0..<layout.count {
      if known.first?.brick == brick, let cells = known.popFirst()?.costs {
        let blocks = layout.extent(brick).product
        let size = Self.cellSize(blocks: blocks, cells: cells.count)
        for (i, cost) in cells.enumerated() {
          let (first, end) = (min(i * size, blocks), min((i + 1) * size, blocks))
          pass(Int(cost)) { part, whole in
            Place(brick: brick, rank: whole == 0 ? first : first + ((end - first) * part + whole - 1) / whole)
          }
        }
      }
      pass(1) { _, _ in Place(brick: brick + 1, rank: 0) }
    }
    let end = Place(brick: layout.count, rank: 0)
    while bounds.count <= count { bounds.append(end) }
    // the end of a brick is the beginning of the next
    self.bounds = bounds.map { place in
      guard place.brick < layout.count, place.rank >= layout.extent(place.brick).product else { return place }
      return Place(brick: place.brick + 1, rank: 0)
    }
  }

  /// How many blocks of a brick one cost is of.
  package static func cellSize(blocks: Int, cells: Int) -> Int { max(1, ceilDivide(blocks, max(1, cells))) }

  /// The bricks that a share has blocks of.
  package func bricks(of share: Int) -> Range<Int> {
    let (lower, upper) = (bounds[share], bounds[share + 1])
    if lower == upper { return lower.brick..<lower.brick }
    return lower.brick..<(upper.rank > 0 ? upper.brick + 1 : upper.brick)
  }

  /// The ranks of the blocks of a brick that are a share's.
  package func ranks(of share: Int, brick: Int) -> Range<Int> {
    let (lower, upper) = (bounds[share], bounds[share + 1])
    let all = layout.extent(brick).product
    let first = lower.brick < brick ? 0 : lower.brick > brick ? all : min(lower.rank, all)
    let end = upper.brick > brick ? all : upper.brick < brick ? 0 : min(upper.rank, all)
    return first..<max(first, end)
  }

  /// The shares that have blocks of a brick.
  package func shares(of brick: Int) -> Range<Int> {
    // the last share that begins at or before the brick, and the last that begins in it
    let first = lastBound(before: Place(brick: brick, rank: 1))
    let last = lastBound(before: Place(brick: brick + 1, rank: 0))
    return max(0, first)..<min(count, last + 1)
  }

  /// The last bound below a place; -1 where there is none.
  private func lastBound(before place: Place) -> Int {
    var (low, high) = (0, bounds.count)
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] < place { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  /// How many blocks a share has.
  package func blockCount(of share: Int) -> Int {
    bricks(of: share).reduce(0) { $0 + ranks(of: share, brick: $1).count }
  }
}
