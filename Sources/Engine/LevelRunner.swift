import CSystem
import Diagnostics
import Files
import Foundation
import Fusion
import Geometry
import JobStore
import Output
import Planning
import Store
import Threads
import Views
import Zarr

/// Does what is not done yet of a job: level 0, then the pyramid, then the final metadata.
package final class LevelRunner {
  package struct Settings: Sendable {
    package var workers: Int
    /// What the process may use; nil for the default.
    package var memoryByteCount: Int?
    /// Whether somebody asked for that memory, who is told where it cannot be kept.
    package var isMemoryAsked = false
    /// Blocks to do before stopping; nil: all.
    package var blockLimit: Int?
    /// Only these levels; nil: all.
    package var levels: Range<Int>?
    /// Whether blocks may have been made on other hosts, whose files may be seen late.
    package var seesLate = false
    /// For how long is waited for what does not answer; nil for the usual.
    package var patienceSeconds: Double?

    package init(workers: Int, memoryByteCount: Int? = nil, blockLimit: Int? = nil) {
      (self.workers, self.memoryByteCount, self.blockLimit) = (workers, memoryByteCount, blockLimit)
    }
  }

  package enum Ending: Sendable, Equatable {
    case complete
    /// All is done but what failed, and what rests on it.
    case someFailed
    /// As `someFailed`, but what failed was set to pending when it was too late for this run.
    case reopened
    case limitReached
    /// All is done; another process that shares the job writes what is left to write.
    case leftToOthers
    case stopped(signal: Int32)
  }

  private let title: String
  private let plan: JobPlan
  /// Those to be done.
  private let levels: [LevelLayout]
  private let views: WatchedViews
  private let output: OutputFolder
  private let registry: FusionRegistry
  private let ledger: any LevelLedger
  private let settings: Settings
  private let recipe: FusionRecipe
  private let placements: [PlacedViews]
  package let memory: MemoryPlan
  private let stopFlag: StopFlag
  package let meter: RunMeter
  private let patience: Patience

  /// - Parameter note: told of what the run waits for.
  package init(
    job: LoadedJob, views loaded: LoadedViews, ledger: any LevelLedger, registry: FusionRegistry, settings: Settings, stopFlag: StopFlag,
    note: @escaping @Sendable (String) -> Void
  ) throws {
    patience = Patience(limitSeconds: settings.patienceSeconds, say: note)
    title = job.title
    plan = job.plan
    views = loaded.watched
    output = job.output
    self.registry = registry
    self.ledger = ledger
    self.stopFlag = stopFlag
    recipe = try FusionSetup.recipe(for: plan, inputTypes: loaded.views.map(\.level.elementType), registry: registry)
    placements = try PlacedViews.all(loaded.views, loaded.transforms, in: plan)
    memory = MemoryPlan(
      plan: plan, views: loaded.views, placement: placements[0], recipe: recipe, workers: settings.workers,
      memory: settings.memoryByteCount)
    var settings = settings
    settings.workers = memory.workers
    self.settings = settings
    levels = (settings.levels ?? 0..<plan.levels.count).map { [plan] in plan.levels[$0] }
    meter = RunMeter(try levels.map { ($0, try ledger.counts(level: $0.level)) })
  }

  /// Throws where a memory that was asked for is too little for any block: before the job is taken.
  package static func checkMemory(of job: LoadedJob, _ loaded: LoadedViews, _ registry: FusionRegistry, _ settings: Settings) throws {
    guard settings.isMemoryAsked else { return }
    let recipe = try FusionSetup.recipe(for: job.plan, inputTypes: loaded.views.map(\.level.elementType), registry: registry)
    try MemoryPlan(
      plan: job.plan, views: loaded.views, placement: PlacedViews.all(loaded.views, loaded.transforms, in: job.plan)[0],
      recipe: recipe, workers: 1, memory: settings.memoryByteCount
    ).checkIsPossible()
  }

  /// Runs to an end. Throws what kept the run as a whole from going on; failures of blocks are recorded instead.
  package func run() throws -> Ending {
    csystem_return_large_buffers()
    let cache = ChunkCache(byteLimit: memory.cacheByteCount, spareByteCount: memory.spareByteCount)
    var blocksLeft = settings.blockLimit ?? Int.max
    var isFirst = true
    while true {
      let before = blocksLeft
      if let ending = try runLevels(cache, &blocksLeft) { return ending }
      let counts = try levels.map { try ledger.counts(level: $0.level) }
      if counts.allSatisfy(\.isSettled) { break }
      // blocks of a level that was over may have become pending again
      guard ledger.isReopened, counts.allSatisfy({ $0.failed == 0 }), isFirst || blocksLeft < before else {
        try ledger.checkInputs()
        return .someFailed
      }
      isFirst = false
    }
    try ledger.checkInputs()
    if try ledger.leavesToOthers(progress: meter.read().progress) { return .leftToOthers }
    let coarsest = plan.levels.count - 1
    try Retry.standard.transient {
      try output.finish(job: title) { [ledger] block in
        let one = Box3(lower: block.zyx, upper: block.zyx &+ 1)
        return try ledger.states(level: coarsest, t: block.t, c: block.c, blocks: one) == [.done]
      }
    }
    return .complete
  }

  /// All levels, one after another. Nil where there was no end before that of the last.
  private func runLevels(_ cache: ChunkCache, _ blocksLeft: inout Int) throws -> Ending? {
    for layout in levels {
      meter.began(level: layout.level)
      // what was made of the level below may still be there
      cache.removeAll(but: PyramidLevel.cellNumber(of: layout.level - 1))
      let level: any LevelWork =
        layout.level == 0
        ? FusedLevel(
          plan: plan, views: views, placements: placements, recipe: recipe, cache: cache,
          holdsAllInput: memory.holdsAllInput)
        : PyramidLevel(
          layout: layout, below: plan.levels[layout.level - 1], belowArray: output.array(layout.level - 1),
          plan: plan, cache: cache, ledger: ledger, title: title, seesLate: settings.seesLate)
      if try ledger.hasNothingLeft(level: layout.level) { continue }
      try level.settleInBulk(ledger: ledger, meter: meter, stopFlag: stopFlag)
      let started = try run(level, layout: layout, blockLimit: blocksLeft, cache: cache)
      if let signal = stopFlag.signal { return .stopped(signal: signal) }
      blocksLeft -= started
      if blocksLeft <= 0, try isMoreToDo(level: layout.level) { return .limitReached }
    }
    return nil
  }

  /// Whether a level has blocks that another run could do, and not only failed ones and what rests on them.
  private func isMoreToDo(level: Int) throws -> Bool {
    // what is taken here goes back at the end of the run, which is now
    if try !ledger.take(level: level, limit: 1).isEmpty { return true }
    return try ledger.expectsMore(level: level)
  }

  /// Does the blocks of one level. Returns how many were begun.
  private func run(_ level: any LevelWork, layout: LevelLayout, blockLimit: Int, cache: ChunkCache) throws -> Int {
    guard blockLimit > 0 else { return 0 }
    let filesOnTheirWay = try filesOnTheirWay()
    let function = try FusionSetup.batchFunction(of: plan.output, registry: registry)
    let queue = queue(of: layout, blockLimit: blockLimit)
    let stage = try DurableStage(
      ledger: ledger, queue: queue, output: output.target, meter: meter, patience: patience, syncThreads: max(8, 2 * settings.workers),
      capacity: filesOnTheirWay)
    let makeWorker = workerMaker(level, layout, queue, cache)
    let worked = Result {
      try work(on: level, queue) { [settings, stopFlag, plan] in
        if let function {
          let batches = BatchRunner(
            function: function, queue: queue, level: layout.level, batchCount: plan.output.batchCount ?? settings.workers,
            workerCount: settings.workers, stage: stage, makeWorker: makeWorker)
          return try ThreadGroup(name: "blockfuse-batch", count: 1) { _ in batches.run() }
        }
        return try ThreadGroup(name: "blockfuse-worker", count: settings.workers) { _ in
          let worker = makeWorker()
          while stopFlag.signal == nil, let part = queue.next() { worker.work(on: part, of: queue, for: stage) }
        }
      }
    }
    let left = queue.leftovers()
    left.incomplete.forEach { $0.giveUp() }
    try stage.close()
    try worked.get()
    if let error = left.error { throw error }
    return queue.startedCount
  }

  /// How many files may be written and not durable yet. Refuses more workers than the system has files for.
  private func filesOnTheirWay() throws -> Int {
    guard let count = OpenFiles.onTheirWay(wanted: 8 * settings.workers + 16, workers: settings.workers) else {
      throw JobError.invalid(
        what:
          "\(counted(settings.workers, "worker needs", "workers need")) more files open than the \(OpenFiles.limit) that the system allows",
        hint: "raise the limit (`ulimit -n`), or run with fewer --workers; the same command continues where it stopped")
    }
    return count
  }

  /// The queue of a level's blocks.
  private func queue(of layout: LevelLayout, blockLimit: Int) -> WorkQueue {
    let array = output.array(layout.level)
    let (store, tag) = (output.target.store, output.temporaryTag)
    return WorkQueue(
      ledger: ledger, level: layout.level, blockLimit: blockLimit,
      batchCount: plan.output.batchCount.map { $0 * settings.workers } ?? Self.batchCount(layout, settings.workers),
      waitingByteLimit: MemoryPlan.waitingByteLimit(plan, workers: settings.workers), patience: patience
    ) { block, attempt in
      BlockTask(block: block, attempt: attempt, layout: layout, array: array, output: store, tag: tag)
    }
  }

  /// Makes what each thread works with. Chunks of this level are averaged for the next one while they are in memory.
  private func workerMaker(
    _ level: any LevelWork, _ layout: LevelLayout, _ queue: WorkQueue, _ cache: ChunkCache
  ) -> @Sendable () -> ChunkWorker {
    let element = plan.outputType
    let next = levels.first { $0.level == layout.level + 1 }
    let step = next.map { PyramidStep(from: layout, to: $0, elementByteCount: element.byteCount) }
    let troubles = ReadTroubles()
    return { [plan, patience] in
      let context = CodecContext()
      return ChunkWorker(
        maker: level.makeMaker(context: context) { queue.upcoming(limit: 16, in: layout) }, level: layout,
        elementByteCount: element.byteCount, context: context,
        averager: step.flatMap { NextLevelAverager($0, plan: plan, cache: cache) }, patience: patience,
        troubles: troubles, outage: level.outage(behind:))
    }
  }

  /// Lets the workers come to their end. Beside them one thread ends the queue when the run is to stop, and one looks ahead
  /// for blocks that need no work.
  private func work(on level: any LevelWork, _ queue: WorkQueue, startWorkers: () throws -> ThreadGroup) throws {
    let watcher = try Watcher(everySeconds: 0.05) { [stopFlag] in if stopFlag.signal != nil { queue.stop() } }
    defer { watcher.stop() }
    let scout = try ThreadGroup(name: "blockfuse-scout", count: 1) { [ledger, meter, stopFlag] _ in
      // what it cannot find out, the workers will, block by block, and report
      try? level.settleAhead(ledger: ledger, meter: meter) { stopFlag.signal != nil || queue.isOver }
    }
    defer {
      queue.stop()
      scout.join()
    }
    try startWorkers().join()
  }

  /// Enough blocks at a time that claims cost nothing, few enough that processes that share a job all have some.
  private static func batchCount(_ layout: LevelLayout, _ workers: Int) -> Int {
    layout.shard == nil ? max(64, 8 * workers) : max(4, workers)
  }
}
