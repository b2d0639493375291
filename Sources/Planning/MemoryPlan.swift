import Diagnostics
import Fusion
import Geometry
import Views

/// How a limit of memory is shared out: workers' buffers, files on their way to disk, and the rest for decoded chunks. As many
/// workers as have room in it, and one at least.
package struct MemoryPlan: Sendable {
  /// The program itself, its libraries and the database's caches.
  package static let baseByteCount = 36 << 20
  /// Without `--memory`.
  package static let defaultByteCount = 2 << 30
  /// Voxels of the level below that a worker of the pyramid holds at a time, where they are not used as they lie in a chunk.
  package static let pyramidPatchByteLimit = 8 << 20

  /// Those that have room.
  package let workers: Int
  private let wantedWorkers: Int
  private let limitByteCount: Int
  /// Memory that the cache keeps for the next chunks beside that of its limit.
  package let spareByteCount: Int
  /// Buffers of one worker: patches of views, sums, the chunk and its encoded bytes.
  package let workerByteCount: Int
  package let cacheByteCount: Int
  /// The cache would hold all chunks of all views.
  package let holdsAllInput: Bool
  /// Memory that grows with the number of views, and that of the images by which they are corrected.
  package let viewsByteCount: Int

  /// Throws where a memory that was asked for is too little for even one worker.
  package func checkIsPossible() throws(JobError) {
    guard totalByteCount > limitByteCount else { return }
    throw .invalid(
      what: "--memory \(byteText(limitByteCount)) is too little: even one worker may need \(byteText(totalByteCount))",
      hint: "give that as --memory, or submit with a smaller output_chunksize")
  }

  /// What is worth saying: workers that have no room, or a limit that cannot be kept.
  package var note: String? {
    let limit = "a memory of \(byteText(limitByteCount))"
    if totalByteCount > limitByteCount {
      return
        "\(limit) is too little: even one worker may need \(byteText(totalByteCount)); give that as --memory, or choose a smaller output_chunksize"
    }
    if workers < wantedWorkers {
      let all = totalByteCount + (wantedWorkers - workers) * (workerByteCount + spareByteCount)
      return
        "\(limit) has room for \(workers) of \(counted(wantedWorkers, "worker")); for all of them give --memory \(byteText(all).filter { $0 != " " })"
    }
    return nil
  }

  package var totalByteCount: Int {
    Self.baseByteCount + workers * workerByteCount + cacheByteCount + spareByteCount + viewsByteCount
  }

  /// - Parameter memory: what the whole process may use; nil for the default.
  package init(
    plan: JobPlan, views: [View], placement: PlacedViews, recipe: FusionRecipe, workers: Int, memory: Int?
  ) {
    let chunkByteCount = plan.levels[0].chunk.product * plan.outputType.byteCount
    // a level's chunks are the input of the next one
    let largestInput = max(
      views.map { $0.level.chunk.product * $0.level.elementType.byteCount }.max() ?? 0,
      plan.levels.count > 1 ? chunkByteCount : 0)
    // the chunk, its clipped twin, the encoded bytes and the codec's own tables
    let codec = 3 * chunkByteCount + (8 << 20)
    // encoded chunks that wait for their turn in a shard: those up to the limit, and one that each worker had in hand then
    let waiting = plan.levels.contains { $0.shard != nil } ? Self.waitingByteLimit(plan, workers: 1) + chunkByteCount : 0
    workerByteCount = max(Self.arenaByteCount(plan, placement, recipe), Self.pyramidPatchByteLimit) + codec + waiting
    // measured: 6 to 10 kB with 10,000 to 100,000 views
    viewsByteCount = views.count * 9000 + CorrectionMemory(of: views).byteCount
    spareByteCount = 2 * largestInput
    limitByteCount = memory ?? Self.defaultByteCount
    wantedWorkers = workers
    let shared = Self.baseByteCount + spareByteCount + viewsByteCount
    // a worker's buffers, and as much as the spare for the chunks that it has in hand
    self.workers = min(workers, max(1, (limitByteCount - shared) / (workerByteCount + spareByteCount)))
    cacheByteCount = max(self.workers * spareByteCount, limitByteCount - shared - self.workers * workerByteCount)
    var inputLeft = cacheByteCount
    holdsAllInput = views.allSatisfy { view in
      let grid = BlockGrid(shape: view.level.shape, block: view.level.chunk)
      let (byteCount, overflows) = grid.total.multipliedReportingOverflow(
        by: view.level.chunk.product * view.level.elementType.byteCount)
      inputLeft -= overflows ? inputLeft : min(byteCount, inputLeft)
      return inputLeft > 0
    }
  }

  /// Encoded chunks that may wait in memory for a slower one before them in their shard: two for each worker.
  package static func waitingByteLimit(_ plan: JobPlan, workers: Int) -> Int {
    2 * workers * plan.levels[0].chunk.product * plan.outputType.byteCount
  }

  /// For a plan that is no job yet.
  package init(_ result: Planner.Result, registry: FusionRegistry, workers: Int, memory: Int?) throws(JobError) {
    let recipe = try FusionSetup.recipe(
      for: result.plan, inputTypes: result.views.map(\.level.elementType), registry: registry)
    self.init(
      plan: result.plan, views: result.views, placement: result.placement, recipe: recipe, workers: workers, memory: memory)
  }

  /// The most that fusing a chunk takes, looked for where views end, since that is where they overlap.
  private static func arenaByteCount(_ plan: JobPlan, _ placement: PlacedViews, _ recipe: FusionRecipe) -> Int {
    let grid = BlockGrid(shape: plan.levels[0].shape, block: plan.levels[0].chunk)
    var most = 0
    let step = max(1, placement.views.count / 64)
    for view in stride(from: 0, to: placement.views.count, by: step).map({ placement.views[$0] }) {
      let stack = StackProperties(spacing: view.spacing, origin: .zero, shape: view.shape)
      // from view pixels back to output indices
      guard let toOutput = try? AffineMap(rows: view.map.rows, translation: view.map.offset).inverse() else { continue }
      for corner in 0..<9 {
        let at =
          corner == 8
          ? Vector3(repeating: 0.5) : Vector3(Double(corner >> 2 & 1), Double(corner >> 1 & 1), Double(corner & 1))
        let p = toOutput(at * Vector3(stack.shape &- 1))
        var block = TCZYX.zero
        for axis in Axis.space {
          let lane = axis.spaceLane ?? 0
          block[axis] = max(0, min(grid.count[axis] - 1, Int(max(0, min(p[lane], 1e15))) / grid.block[axis]))
        }
        let box = grid.box(of: block)
        let views = placement.neighbours(
          of: view.id, touching: box.grown(by: recipe.halo), interpolationOrder: recipe.interpolationOrder)
        most = max(most, BlockFuser.arenaByteCount(recipe: recipe, box: box, views: views))
      }
    }
    return most
  }
}
