import Fusion
import Geometry
import JobStore
import Memory
import Zarr

/// Makes parts of blocks, encodes them and hands them on: the work of one worker thread between a claim and the disk.
final class ChunkWorker {
  private let maker: any BlockMaker
  private let level: LevelLayout
  private let element: Int
  private let context: CodecContext
  private let averager: NextLevelAverager?
  private let patience: Patience
  private let outage: (any Error) -> Outage?
  private let troubles: ReadTroubles
  /// The chunk as it is encoded, whole also at the array's edges.
  private let chunk: UnsafeMutableRawBufferPointer
  /// The voxels of an edge chunk before they are laid out in the whole chunk.
  private lazy var clipped = Pages.take(byteCount: chunk.count)
  private var usesClipped = false

  /// - Parameters:
  ///   - outage: see `LevelWork`.
  ///   - troubles: those of all workers.
  init(
    maker: any BlockMaker, level: LevelLayout, elementByteCount: Int, context: CodecContext, averager: NextLevelAverager?,
    patience: Patience, troubles: ReadTroubles, outage: @escaping (any Error) -> Outage?
  ) {
    (self.patience, self.troubles, self.outage) = (patience, troubles, outage)
    (self.maker, self.level, self.element, self.context, self.averager) = (maker, level, elementByteCount, context, averager)
    chunk = Pages.take(byteCount: level.chunk.product * elementByteCount)
  }

  deinit {
    Pages.free(chunk)
    if usesClipped { Pages.free(clipped) }
  }

  /// Makes and encodes one part: bytes that are valid until the next call, or nil for nothing but fill.
  func make(_ part: WorkQueue.Part) throws -> UnsafeRawBufferPointer? {
    let position = part.task.block.position
    let box = part.box.intersection(Box3(shape: level.shape.zyx))
    guard !box.isEmpty, case .voxels = try make(box, whole: part.box, t: position.t, c: position.c)
    else { return nil }
    try averager?.keep(UnsafeRawBufferPointer(chunk), box: part.box, t: position.t, c: position.c)
    return try part.task.array.encodeChunk(UnsafeRawBufferPointer(chunk), context: context)
  }

  /// Makes one part and hands it on, or reports why its block failed.
  func work(on part: WorkQueue.Part, of queue: WorkQueue, for stage: DurableStage) {
    defer { _ = queue.finished(part) }
    let task = part.task
    guard !task.isGivenUp else { return }
    do {
      let encoded: UnsafeRawBufferPointer?
      do {
        encoded = try patience.through(outage: { [outage, troubles] in outage($0) ?? troubles.outage(behind: $0) }, pause: queue.pause) {
          try Retry.standard.transient { try make(part) }
        }
        if encoded != nil { troubles.ended() }
      } catch {
        // a part was tried again in its place; the whole block need not be, but where the run is to stop
        let failure = WorkFailure(error)
        return stage.fail(task, error is Patience.Interrupted ? failure : failure.lasting)
      }
      if case .complete = try task.deliver(part: part.index, encoded) { stage.submit(task) }
    } catch {
      stage.fail(task, WorkFailure(error))
    }
  }

  private func make(_ box: Box3, whole: Box3, t: Int, c: Int) throws -> BlockContent {
    if box == whole { return try maker.make(box, t: t, c: c, into: chunk) }
    usesClipped = true
    let part = UnsafeMutableRawBufferPointer(rebasing: clipped[..<(box.count * element)])
    guard case .voxels = try maker.make(box, t: t, c: c, into: part) else { return .fill }
    chunk.initializeMemory(as: UInt8.self, repeating: 0)
    copyRows(
      from: UnsafeRawBufferPointer(part), fromBox: box, to: chunk, toBox: whole, part: box, elementByteCount: element)
    return .voxels
  }
}
