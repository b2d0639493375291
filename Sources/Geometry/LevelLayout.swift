/// One level of the output: its array, chunks and shards, and the voxels of the level below that a voxel averages.
public struct LevelLayout: Hashable, Sendable, Codable {
  public let level: Int
  /// The array, in voxels.
  public let shape: TCZYX
  /// The voxels that one codec call encodes: the chunk, or the inner chunk of a shard.
  public let chunk: TCZYX
  /// The voxels of one file if the level is sharded, a multiple of `chunk`; else nil.
  public let shard: TCZYX?
  /// Voxels of the level below that a voxel averages, along each axis; all 1 at level 0.
  public let factor: Index3
  /// Voxels of level 0 that a voxel stands for, along each axis.
  public let absoluteFactor: Index3

  /// The level's blocks: the unit of work, of writing and of the record.
  public var grid: BlockGrid { BlockGrid(shape: shape, block: shard ?? chunk) }

  public init(level: Int, shape: TCZYX, chunk: TCZYX, shard: TCZYX?, factor: Index3, absoluteFactor: Index3) {
    (self.level, self.shape, self.chunk, self.shard) = (level, shape, chunk, shard)
    (self.factor, self.absoluteFactor) = (factor, absoluteFactor)
  }
}

/// Which blocks of one level are made from which blocks of the level below it. This is the only place that says so;
/// `blocks(madeFrom:in:)` is the inverse of `sourceBlocks(of:in:)`. Time point and channel of both are the same.
extension LevelLayout {
  /// The voxels of the level below that the voxels of a box average.
  public func sourceVoxels(of box: Box3) -> Box3 {
    Box3(lower: box.lower &* factor, upper: box.upper &* factor)
  }

  /// The blocks of the level below that the voxels of a box average, as a box of that level's grid.
  public func sourceBlocks(ofVoxels box: Box3, in below: LevelLayout) -> Box3 {
    below.grid.blocks(meeting: sourceVoxels(of: box))
  }

  /// The blocks of the level below that a block is made from, as a box of that level's grid.
  public func sourceBlocks(of block: TCZYX, in below: LevelLayout) -> Box3 {
    sourceBlocks(ofVoxels: grid.box(of: block), in: below)
  }

  /// The blocks of this level that are made from a block of the level below, as a box of this level's grid. Empty for a
  /// block with nothing but an odd remainder, which no voxel of this level averages.
  public func blocks(madeFrom block: TCZYX, in below: LevelLayout) -> Box3 {
    let source = below.grid.box(of: block)
    return grid.blocks(
      meeting: Box3(lower: source.lower / factor, upper: (source.upper &+ factor &- 1) / factor))
  }
}

/// The levels of an output. From one to the next, what is left over at the end of an axis is left out.
///
/// - Parameters:
///   - chunk: the wanted chunk, not yet clamped: without shards it is cut to the axis at every level; with shards the
///     inner chunk keeps its size and the shard is cut to the smallest multiple of it that covers the axis.
///   - shard: a multiple of `chunk`, or nil.
///   - pyramid: which levels there are; its factors, where they are given, leave at least a voxel of every axis.
public func levelLayouts(shape: TCZYX, chunk: Index3, shard: Index3?, pyramid: Pyramid) -> [LevelLayout] {
  var layouts: [LevelLayout] = []
  var current = shape
  var factor = Index3(repeating: 1)
  var absolute = factor
  while true {
    let length = current.zyx
    let inner = shard == nil ? pointwiseMin(chunk, length) : chunk
    let outer = shard.map { pointwiseMin($0, (length &+ chunk &- 1) / chunk &* chunk) }
    layouts.append(
      LevelLayout(
        level: layouts.count, shape: current, chunk: TCZYX(zyx: inner), shard: outer.map { TCZYX(zyx: $0) },
        factor: factor, absoluteFactor: absolute))
    guard let step = pyramid.step(from: layouts.count - 1, length: length, absolute: absolute) else { return layouts }
    factor = step
    absolute = absolute &* factor
    current.zyx = length / factor
  }
}
