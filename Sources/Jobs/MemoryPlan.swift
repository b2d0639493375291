import Fusion
import Geometry

/// How a limit of memory is shared out: workers' buffers, files on their way to disk, and the rest for decoded chunks.
public struct MemoryPlan: Sendable {
  /// The program itself, its libraries and the database's caches.
  public static let baseByteCount = 48 << 20

  public let workers: Int
  /// Buffers of one worker: patches of views, sums, the chunk and its encoded bytes.
  public let workerByteCount: Int
  public let cacheByteCount: Int
  /// Memory that grows with the number of views.
  public let viewsByteCount: Int

  public var totalByteCount: Int {
    Self.baseByteCount + workers * workerByteCount + cacheByteCount + viewsByteCount
  }

  /// - Parameter memory: what the whole process may use; nil for the default of 2 GiB.
  public init(plan: JobPlan, views: [View], recipe: FusionRecipe, workers: Int, memory: Int?) {
    let chunk = plan.levels[0].chunk.zyx
    let chunkByteCount = plan.levels[0].chunk.product * plan.outputType.byteCount
    let largestInput = views.map { $0.level.chunk.product * $0.level.elementType.byteCount }.max() ?? 0
    // the chunk, its clipped twin, the encoded bytes and the codec's own tables
    let codec = 3 * chunkByteCount + (8 << 20)
    let arena = BlockFuser.arenaByteCount(
      recipe: recipe, block: chunk, spacingRatio: Self.largestSpacingRatio(plan, views),
      elementByteCount: views.map(\.level.elementType.byteCount).max() ?? 2)
    // the pyramid's patch is smaller than a fused block's arena
    workerByteCount = max(arena, 8 << 20) + codec + largestInput
    self.workers = workers
    viewsByteCount = views.count * 1500
    let fixed = Self.baseByteCount + workers * workerByteCount + viewsByteCount
    // at the least, what the workers are about to use must fit
    let least = workers * largestInput * 2
    cacheByteCount = max(least, (memory ?? 2 << 30) - fixed)
  }

  private static func largestSpacingRatio(_ plan: JobPlan, _ views: [View]) -> Vector3 {
    views.reduce(Vector3(repeating: 1)) { pointwiseMax($0, plan.stack.spacing / $1.level.stack.spacing) }
  }
}
