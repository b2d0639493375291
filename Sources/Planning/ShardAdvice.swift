import Geometry

/// Shards that would make an output of many files one of fewer.
package struct ShardAdvice: Sendable {
  /// As `shards` takes it.
  package let text: String
  package let fileCount: Int

  /// File systems and transfers suffer from here on.
  package static let manyFiles = 1_000_000
  /// Of the voxels of a shard.
  private static let byteLimit = 1 << 30

  /// Nil where there are not many files, or no shard of up to a GiB makes fewer.
  init?(_ plan: JobPlan) {
    guard plan.blockCount >= Self.manyFiles else { return nil }
    let level = plan.levels[0]
    var shard = level.chunk.zyx
    // doubling the shortest side
    while true {
      let lanes = (0..<3).filter { (plan.is3D || $0 > 0) && shard[$0] < level.shape.zyx[$0] }
      guard let lane = lanes.min(by: { shard[$0] < shard[$1] }) else { break }
      var grown = shard
      grown[lane] *= 2
      if grown[0] * grown[1] * grown[2] * plan.outputType.byteCount > Self.byteLimit { break }
      shard = grown
    }
    let factors = plan.levels.dropFirst().map(\.absoluteFactor)
    let layouts = levelLayouts(shape: level.shape, chunk: level.chunk.zyx, shard: shard, pyramid: Pyramid(.factors(factors)))
    fileCount = layouts.reduce(0) { $0 + $1.grid.total }
    guard fileCount < plan.blockCount else { return nil }
    text = plan.spatialAxes.map { "\($0)=\(shard[$0.spaceLane ?? 0])" }.joined(separator: ",")
  }
}
