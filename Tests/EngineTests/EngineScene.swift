import Engine
import Geometry
import JobStore
import Planning
import Store
import TestSupport
import Threads
import Zarr

/// A level of small blocks in a folder of its own, with all that takes its blocks from a ledger to the disk.
final class EngineScene {
  let folder: TemporaryFolder
  let layout: LevelLayout
  let array: ZarrArray
  let output: Place
  let ledger: MemoryLedger
  let queue: WorkQueue
  let meter: RunMeter
  let patience: Patience
  /// What the run says of outages.
  let said: Monitor<[String]>

  /// - Parameters:
  ///   - shape: along z, y, x; chunks have 2 voxels along each axis, shards 4.
  ///   - fault: makes steps of the output's store fail.
  ///   - waitingByteLimit: of parts that wait for one before them.
  init(
    shape: Index3 = Index3(2, 2, 8), isSharded: Bool = false, blockLimit: Int = .max, batchCount: Int = 64, waitingByteLimit: Int = 1 << 20,
    patienceSeconds: Double = 0.2, fault: (@Sendable (StoreStep, String) -> Int32?)? = nil
  ) throws {
    let two = TCZYX(zyx: Index3(repeating: 2))
    let layout = LevelLayout(
      level: 0, shape: TCZYX(zyx: shape), chunk: two, shard: isSharded ? TCZYX(zyx: Index3(repeating: 4)) : nil,
      factor: Index3(repeating: 1), absoluteFactor: Index3(repeating: 1))
    let folder = try TemporaryFolder()
    let array = try ZarrArray(
      path: folder.path + "/0",
      spec: ArraySpec(
        zarrFormat: 3, shape: layout.shape.array, chunkShape: two.array, shardShape: layout.shard?.array, elementType: .uint8,
        compressor: .none))
    let plain = Place(folder.path).forWriting
    let output = fault.map { Place(plain.key, in: FaultyStore(plain.store, fault: $0)) } ?? plain
    let said = Monitor([String]())
    let patience = Patience(limitSeconds: patienceSeconds) { text in said.update { $0.append(text) } }
    (self.said, self.patience) = (said, patience)
    (self.folder, self.layout, self.array, self.output) = (folder, layout, array, output)
    ledger = MemoryLedger(layout)
    meter = RunMeter([(layout, BlockCounts(total: layout.grid.total))])
    queue = WorkQueue(
      ledger: ledger, level: 0, blockLimit: blockLimit, batchCount: batchCount, waitingByteLimit: waitingByteLimit,
      retry: Retry(waitsSeconds: [0, 0, 0]), patience: patience
    ) { block, attempt in
      BlockTask(block: block, attempt: attempt, layout: layout, array: array, output: output.store, tag: "test")
    }
  }

  deinit { folder.remove() }

  func stage(capacity: Int = 16) throws -> DurableStage {
    try DurableStage(ledger: ledger, queue: queue, output: output, meter: meter, patience: patience, syncThreads: 2, capacity: capacity)
  }

  /// A block that no queue knows, as taken from a ledger.
  func task(_ position: TCZYX = .zero) -> BlockTask {
    BlockTask(
      block: TakenBlock(ticket: 1, level: 0, position: position), attempt: 1, layout: layout, array: array, output: output.store,
      tag: "test")
  }

  /// The number of a block in its level.
  func number(_ task: BlockTask) -> Int { layout.grid.linearIndex(of: task.block.position) }

  /// Makes all that the queue hands out, as a worker does: parts of 8 bytes that hold the numbers of block and part.
  ///
  /// - Parameter isFill: blocks of nothing but fill.
  func work(for stage: DurableStage, isFill: (Int) -> Bool = { _ in false }) throws {
    while let part = queue.next() {
      let number = number(part.task)
      let bytes = isFill(number) ? nil : EngineScene.bytes(number, part.index)
      if try part.task.deliver(part.index, bytes) { stage.submit(part.task) }
      _ = queue.finished(part)
    }
  }

  /// As `work`, where steps of writing may fail: of parts, too.
  func workAgain(for stage: DurableStage) throws {
    while let part = queue.next() {
      do {
        if try part.task.deliver(part.index, EngineScene.bytes(0, 0)) { stage.submit(part.task) }
      } catch {
        stage.fail(part.task, WorkFailure(error))
      }
      _ = queue.finished(part)
    }
  }

  static func bytes(_ block: Int, _ part: Int) -> [UInt8] { [UInt8](repeating: UInt8(16 * block + part + 1), count: 8) }
}

extension BlockTask {
  /// Delivers a part. True if it was the last.
  func deliver(_ part: Int, _ bytes: [UInt8]?) throws -> Bool {
    guard let bytes else { return try deliver(part: part, nil) == .complete }
    return try bytes.withUnsafeBytes { try deliver(part: part, $0) } == .complete
  }
}
