import Diagnostics
import Fusion
import Geometry
import Threads

/// Runs the blocks of one level through a batch function of the user's, batch after batch.
///
/// A block goes the same way as without one, from the queue part by part to the durable stage; only who calls for it
/// differs.
final class BatchRunner: Sendable {
  private let function: any BatchFunction
  private let queue: WorkQueue
  private let level: Int
  private let batchCount: Int
  private let workers: WorkerPool
  private let stage: DurableStage

  /// - Parameters:
  ///   - batchCount: blocks of a batch; the last one may have fewer.
  ///   - workerCount: blocks that are made at a time.
  init(
    function: any BatchFunction, queue: WorkQueue, level: Int, batchCount: Int, workerCount: Int, stage: DurableStage,
    makeWorker: () -> ChunkWorker
  ) {
    (self.function, self.queue, self.level, self.batchCount) = (function, queue, level, batchCount)
    self.stage = stage
    workers = WorkerPool((0..<workerCount).map { _ in makeWorker() })
  }

  /// Returns when the queue has no more blocks.
  func run() {
    while true {
      var tasks: [BlockTask] = []
      // only for the first: who waits for more with blocks in hand may wait for somebody who does the same
      while tasks.count < batchCount, let task = queue.nextBlock(waits: tasks.isEmpty) { tasks.append(task) }
      if tasks.isEmpty || queue.isStopped { return }
      run(tasks)
    }
  }

  private func run(_ tasks: [BlockTask]) {
    let begun = Monitor(Set<Int>())
    let batch = BlockBatch(level: level, positions: tasks.map(\.block.position), concurrency: workers.count) {
      [self] (index) throws(BatchStopped) in
      guard begun.update({ $0.insert(index).inserted }) else { return }
      try make(tasks[index])
    }
    var why = "it left the block out"
    do {
      try function.run(batch)
    } catch {
      why = "\(error)"
    }
    // what was not done for the sake of a stop stays pending
    if queue.isStopped { return }
    let done = begun.read { $0 }
    for (index, task) in tasks.enumerated() where !done.contains(index) {
      let message = "the batch function \(type(of: function).name) did not fuse this block: \(why)"
      stage.fail(task, WorkFailure(code: .batchFailed, message: message, isTransient: false))
      for part in task.parts.indices { _ = queue.finished(WorkQueue.Part(task: task, index: part)) }
    }
  }

  private func make(_ task: BlockTask) throws(BatchStopped) {
    let worker = workers.take()
    defer { workers.giveBack(worker) }
    for index in task.parts.indices {
      // the queue keeps the block, and its owner removes what was written of it
      if queue.isStopped { throw BatchStopped() }
      worker.chunkWorker.work(on: WorkQueue.Part(task: task, index: index), of: queue, for: stage)
    }
  }
}

/// Lends each worker to one thread at a time.
private final class WorkerPool: Sendable {
  struct Worker: @unchecked Sendable {
    // Unchecked: the pool lends it to one thread at a time, and its lock orders what one does after the other.
    let chunkWorker: ChunkWorker
  }

  let count: Int
  private let free: Monitor<[Worker]>

  init(_ workers: [ChunkWorker]) {
    count = workers.count
    free = Monitor(workers.map { Worker(chunkWorker: $0) })
  }

  /// Waits while all are in use.
  func take() -> Worker { free.wait { $0.popLast() } }
  func giveBack(_ worker: Worker) { free.update { $0.append(worker) } }
}
