/// The blocks of one level: an array cut into equal units, the last one along each axis cut short.
///
/// Block positions are `[t, c, z, y, x]` in the grid; their linear index is in C order (x fastest).
public struct BlockGrid: Hashable, Sendable, Codable {
  /// The array, in voxels.
  public let shape: TCZYX
  /// One block, in voxels; 1 along t and c.
  public let block: TCZYX
  /// Blocks along each axis.
  public let count: TCZYX

  /// All lengths must be positive.
  public init(shape: TCZYX, block: TCZYX) {
    self.shape = shape
    self.block = block
    count = TCZYX(
      t: ceilDivide(shape.t, block.t), c: ceilDivide(shape.c, block.c), z: ceilDivide(shape.z, block.z),
      y: ceilDivide(shape.y, block.y), x: ceilDivide(shape.x, block.x))
  }

  public var total: Int { count.product }

  /// The voxels of a block that lie in the array, in space.
  public func box(of position: TCZYX) -> Box3 {
    let lower = position.zyx &* block.zyx
    return Box3(lower: lower, upper: pointwiseMin(lower &+ block.zyx, shape.zyx))
  }

  /// The voxels of a box of grid positions.
  public func voxels(of blocks: Box3) -> Box3 {
    Box3(lower: blocks.lower &* block.zyx, upper: pointwiseMin(blocks.upper &* block.zyx, shape.zyx))
  }

  /// The grid positions in space of the blocks that a box of voxels meets; clipped to the grid.
  public func blocks(meeting box: Box3) -> Box3 {
    let clipped = box.intersection(Box3(shape: shape.zyx))
    if clipped.isEmpty { return Box3(lower: clipped.lower, upper: clipped.lower) }
    let lower = clipped.lower / block.zyx
    let upper = (clipped.upper &+ block.zyx &- 1) / block.zyx
    return Box3(lower: lower, upper: upper)
  }

  public func contains(_ p: TCZYX) -> Bool {
    Axis.allCases.allSatisfy { p[$0] >= 0 && p[$0] < count[$0] }
  }

  public func linearIndex(of p: TCZYX) -> Int {
    (((p.t * count.c + p.c) * count.z + p.z) * count.y + p.y) * count.x + p.x
  }

  public func position(at linear: Int) -> TCZYX {
    var rest = linear
    var p = TCZYX.zero
    for axis in Axis.allCases.reversed() {
      p[axis] = rest % count[axis]
      rest /= count[axis]
    }
    return p
  }
}

public func ceilDivide(_ a: Int, _ b: Int) -> Int { a / b + (a % b > 0 ? 1 : 0) }
