/// One level of the output: its array, chunks, shards, and what a voxel of it averages.
public struct LevelLayout: Hashable, Sendable, Codable {
  public let level: Int
  /// The array, in voxels.
  public let shape: TCZYX
  /// What one codec call encodes: the chunk, or the inner chunk of a shard.
  public let chunk: TCZYX
  /// One file, where the level is sharded; a multiple of `chunk`.
  public let shard: TCZYX?
  /// How many voxels of the level below a voxel averages along each axis: 1 or 2; all 1 at level 0.
  public let factor: Index3
  /// How many voxels of level 0 that is along each axis.
  public let absoluteFactor: Index3

  /// The unit of work, of writing and of the record.
  public var grid: BlockGrid { BlockGrid(shape: shape, block: shard ?? chunk) }

  public init(level: Int, shape: TCZYX, chunk: TCZYX, shard: TCZYX?, factor: Index3, absoluteFactor: Index3) {
    (self.level, self.shape, self.chunk, self.shard) = (level, shape, chunk, shard)
    (self.factor, self.absoluteFactor) = (factor, absoluteFactor)
  }
}

/// The levels of an output: factor 2 along each axis of space while half its length is still above 100, until no axis
/// shrinks; an odd remainder is trimmed (the reference's `calc_resolution_levels`).
///
/// - Parameters:
///   - chunk: the wanted chunk, not yet clamped: without shards it is cut to the axis at every level; with shards the
///     inner chunk keeps its size and the shard is cut to the smallest multiple of it that covers the axis.
///   - shard: a multiple of `chunk`, or nil.
public func levelLayouts(shape: TCZYX, chunk: Index3, shard: Index3?, pyramid: Bool) -> [LevelLayout] {
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
    guard pyramid else { return layouts }
    factor = Index3(repeating: 1)
    for i in 0..<3 where length[i] / 2 > 100 { factor[i] = 2 }
    if factor == Index3(repeating: 1) { return layouts }
    absolute = absolute &* factor
    current.zyx = length / factor
  }
}
