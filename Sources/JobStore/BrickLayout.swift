import Geometry
import Synchronization

/// How the blocks of a level are cut into bricks: boxes of up to 4,096 blocks.
///
/// Bricks are numbered, and blocks within a brick indexed, in C order (x fastest). Those at the far ends are cut short.
package struct BrickLayout: Hashable, Sendable {
  package static let capacity = 4096
  /// The most bricks of a level: as many as the `block_status` view can count.
  package static let maximumBricks = 1 << 24

  /// Blocks of the level along each axis.
  package let grid: TCZYX
  /// The bricks, as blocks of the grid.
  package let bricks: BlockGrid

  package init(grid: TCZYX, brick: TCZYX) {
    self.grid = grid
    bricks = BlockGrid(shape: grid, block: brick)
  }

  /// Grown along x, y, z by doubling the shortest, so that a brick's blocks are neighbours; then, if one brick holds
  /// all of a volume, along c and then t.
  package init(grid: TCZYX) {
    var brick = TCZYX.one
    while true {
      let growing = [Axis.x, .y, .z].filter { axis in
        brick[axis] < grid[axis]
          && brick.product / brick[axis] * min(brick[axis] * 2, grid[axis]) <= BrickLayout.capacity
      }
      guard let shortest = growing.min(by: { brick[$0] < brick[$1] }) else { break }
      brick[shortest] = min(brick[shortest] * 2, grid[shortest])
    }
    if brick.zyx == grid.zyx {
      brick.c = min(grid.c, BrickLayout.capacity / brick.product)
      if brick.c == grid.c { brick.t = min(grid.t, BrickLayout.capacity / brick.product) }
    }
    self.init(grid: grid, brick: brick)
  }

  package var count: Int { bricks.total }

  package func number(of position: TCZYX) -> Int {
    bricks.linearIndex(of: quotient(position))
  }

  /// The first block of a brick.
  package func corner(_ number: Int) -> TCZYX {
    var p = bricks.position(at: number)
    for axis in Axis.allCases { p[axis] *= bricks.block[axis] }
    return p
  }

  /// Blocks of a brick along each axis.
  package func extent(_ number: Int) -> TCZYX {
    let first = corner(number)
    var extent = bricks.block
    for axis in Axis.allCases { extent[axis] = min(extent[axis], grid[axis] - first[axis]) }
    return extent
  }

  package func region(_ number: Int) -> BrickRegion {
    let (first, extent) = (corner(number), extent(number))
    return BrickRegion(
      id: number, t: first.t..<first.t + extent.t, c: first.c..<first.c + extent.c,
      blocks: Box3(lower: first.zyx, upper: first.zyx &+ extent.zyx))
  }

  private func quotient(_ p: TCZYX) -> TCZYX {
    let b = bricks.block
    return TCZYX(t: p.t / b.t, c: p.c / b.c, z: p.z / b.z, y: p.y / b.y, x: p.x / b.x)
  }
}

/// One brick's place in its level, ready to turn positions into bit indices and back.
package struct BrickPlace: Hashable, Sendable {
  package let number: Int
  package let corner: TCZYX
  package let extent: TCZYX
  package let count: Int

  package init(_ number: Int, in layout: BrickLayout) {
    self.number = number
    (corner, extent) = (layout.corner(number), layout.extent(number))
    count = extent.product
  }

  /// The bit of a position; nil outside the brick.
  package func index(of p: TCZYX) -> Int? {
    let (t, c, z, y, x) = (p.t - corner.t, p.c - corner.c, p.z - corner.z, p.y - corner.y, p.x - corner.x)
    guard t >= 0, c >= 0, z >= 0, y >= 0, x >= 0, t < extent.t, c < extent.c, z < extent.z, y < extent.y, x < extent.x
    else { return nil }
    return (((t * extent.c + c) * extent.z + z) * extent.y + y) * extent.x + x
  }

  package func position(at index: Int) -> TCZYX {
    var rest = index
    var p = corner
    p.x += rest % extent.x
    rest /= extent.x
    p.y += rest % extent.y
    rest /= extent.y
    p.z += rest % extent.z
    rest /= extent.z
    p.c += rest % extent.c
    p.t += rest / extent.c
    return p
  }
}

/// The order in which blocks of a brick are handed out: time point, channel, then along a Morton curve, so that
/// each run of blocks is compact in space.
package final class MortonOrder: Sendable {
  private let orders = Mutex<[TCZYX: [Int]]>([:])

  package init() {}

  /// The bit indices of a brick of this extent.
  package func indices(_ extent: TCZYX) -> [Int] {
    orders.withLock { orders in
      if let known = orders[extent] { return known }
      let volume = extent.z * extent.y * extent.x
      let order = (0..<extent.product).map { index in
        let (x, y, z) = (index % extent.x, index / extent.x % extent.y, index / (extent.x * extent.y) % extent.z)
        return (volume: index / volume, key: spread(x) | spread(y) << 1 | spread(z) << 2, index: index)
      }
      .sorted { ($0.volume, $0.key) < ($1.volume, $1.key) }
      .map(\.index)
      orders[extent] = order
      return order
    }
  }
}

/// Two zero bits between each two bits of a number below 4,096.
private func spread(_ n: Int) -> Int {
  var (result, bit) = (0, 0)
  while n >> bit > 0 {
    result |= (n >> bit & 1) << (3 * bit)
    bit += 1
  }
  return result
}
