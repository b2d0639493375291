import Fusion
import Geometry
import JobStore
import Planning

/// Averages chunks when they have just been made, for the level above, which then need not read them back.
///
/// What it makes stays in the cache of chunks where there is room. For one worker.
final class NextLevelAverager {
  private let step: PyramidStep
  private let cell: Index3
  private let cache: ChunkCache
  private let downsampler: Downsampler
  private let chunks: BlockGrid
  private let elementByteCount: Int

  /// Nil where a chunk alone does not make whole voxels of the level above.
  init?(_ step: PyramidStep, plan: JobPlan, cache: ChunkCache) {
    guard let cell = step.cell else { return nil }
    (self.step, self.cell, self.cache) = (step, cell, cache)
    downsampler = PyramidLevel.downsampler(plan)
    chunks = BlockGrid(shape: step.below.shape, block: step.below.chunk)
    elementByteCount = plan.outputType.byteCount
  }

  /// - Parameter box: the voxels of the chunk, whole also at the array's edges.
  func keep(_ chunk: UnsafeRawBufferPointer, box: Box3, t: Int, c: Int) throws {
    let index = TCZYX(t: t, c: c, zyx: box.lower / step.below.chunk.zyx)
    let key = ChunkCache.Key(
      source: PyramidLevel.cellNumber(of: step.below.level), chunk: chunks.linearIndex(of: index))
    try cache.offer(key, byteCount: cell[0] * cell[1] * cell[2] * elementByteCount) { target in
      guard let from = chunk.baseAddress, let to = target.baseAddress else { return }
      try downsampler.reduce(
        Downsampler.Rows(from, rowStride: box.shape[2], planeStride: box.shape[1] * box.shape[2]),
        shape: cell &* step.above.factor, factor: step.above.factor,
        into: Downsampler.Rows(to, rowStride: cell[2], planeStride: cell[1] * cell[2]))
    }
  }
}
