import Faults
import Files
import Geometry
import Output
import Store
import Synchronization
import Threads
import Zarr

/// One block on its way to disk: its parts (one chunk, or the inner chunks of a shard) in C order.
///
/// Several workers may make parts of the same block; what they encode is appended to the block's temp file in the order
/// of the parts whatever order they finish in, so that a block's bytes are always the same. Those that are early wait in
/// memory; `WorkQueue` sees to it that they are few. The file is only made when there is something to write.
package final class BlockTask: Sendable {
  package let block: TakenBlock
  /// The voxels of each part: the whole chunk, not clipped to the array.
  package let parts: [Box3]
  let array: ZarrArray
  /// From 1: a block whose writing fails for a passing reason is made again as a whole.
  package let attempt: Int

  private struct State: ~Copyable {
    var writer: (any ObjectWriter)?
    var index: ShardBuilder?
    var next = 0
    var waiting: [Int: [UInt8]?] = [:]
    var isGivenUp = false
    var byteCount = 0
    var checksum = FileChecksum()
  }

  /// What became of a block that has a file.
  package struct File: Sendable {
    package let debt: Debt
    package let byteCount: Int
    /// Its crc32c, where its codecs have no checksum.
    let checksum: UInt32?
  }

  private let state = Monitor(State())
  private let output: any Store
  private let tag: String
  // beside the state, whose lock is held while bytes are written
  private let waitingBytes = Atomic<Int>(0)
  private let appendedParts = Atomic<Int>(0)

  package enum Delivery {
    /// Parts are missing.
    case incomplete
    /// All parts are there; the file, if there is one, waits to be synced and renamed.
    case complete
  }

  package init(
    block: TakenBlock, attempt: Int, layout: LevelLayout, array: ZarrArray, output: any Store, tag: String
  ) {
    self.block = block
    self.attempt = attempt
    self.array = array
    self.output = output
    self.tag = tag
    let unit = layout.grid.block
    let lower = block.position.zyx &* unit.zyx
    parts = Box3(shape: unit.zyx / layout.chunk.zyx).positions.map { part in
      let at = lower &+ part &* layout.chunk.zyx
      return Box3(lower: at, upper: at &+ layout.chunk.zyx)
    }
    if layout.shard != nil { state.update { $0.index = ShardBuilder(chunkCount: parts.count) } }
  }

  package var path: String { array.blockPath(indexInArray) }

  /// The block's index as the array knows it, without the axes that the array lacks.
  var indexInArray: [Int] { array.index(at: block.position) }

  /// Its key in the output's store.
  var key: String { array.blockKey(indexInArray) }

  /// Encoded bytes of parts that wait for an earlier one.
  package var waitingByteCount: Int { waitingBytes.load(ordering: .relaxed) }
  /// Parts that are settled, from the first one on without a gap.
  package var appendedCount: Int { appendedParts.load(ordering: .relaxed) }

  /// Takes the encoded bytes of a part, or nil for one of nothing but fill. Those of a block that was given up are dropped.
  package func deliver(part: Int, _ encoded: UnsafeRawBufferPointer?) throws(ZarrError) -> Delivery {
    try state.update { (state) throws(ZarrError) in
      if state.isGivenUp { return .incomplete }
      if part != state.next {
        state.waiting[part] = .some(encoded.map { Array($0) })
        waitingBytes.add(encoded?.count ?? 0, ordering: .relaxed)
        return .incomplete
      }
      try append(encoded, to: &state)
      while let bytes = state.waiting.removeValue(forKey: state.next) {
        if let bytes {
          waitingBytes.subtract(bytes.count, ordering: .relaxed)
          try withBytes(bytes) { (raw) throws(ZarrError) in try append(raw, to: &state) }
        } else {
          try append(nil, to: &state)
        }
      }
      guard state.next == parts.count else { return .incomplete }
      if state.writer != nil, let index = try state.index?.finish() {
        try withBytes(index) { (raw) throws(ZarrError) in try write(raw, to: &state) }
      }
      return .complete
    }
  }

  private func append(_ encoded: UnsafeRawBufferPointer?, to state: inout State) throws(ZarrError) {
    if let encoded { try write(encoded, to: &state) }
    if state.index != nil, let number = Faults.reach(.partAppended) {
      throw ZarrError.storage(.io(step: .write, path: path, errno: number))
    }
    state.index?.append(encodedByteCount: encoded?.count)
    state.next += 1
    appendedParts.store(state.next, ordering: .relaxed)
  }

  private func write(_ bytes: UnsafeRawBufferPointer, to state: inout State) throws(ZarrError) {
    do throws(StorageError) {
      if state.writer == nil { state.writer = try output.writer(key, tag: tag) }
      try state.writer?.append(bytes)
    } catch {
      throw .storage(error)
    }
    state.byteCount += bytes.count
    if !array.carriesChecksums { state.checksum.append(bytes) }
  }

  /// Whether anything of it is to be made durable: not of a block of nothing but fill.
  package var hasFile: Bool { state.update { $0.writer != nil } }

  /// Makes the block durable but for its folder: syncs the file and gives it its name. Returns nil for a block of
  /// nothing but fill.
  package func finish() throws(StorageError) -> File? {
    try state.update { (state) throws(StorageError) in
      guard let writer = state.writer else { return nil }
      let debt = try writer.finish()
      state.writer = nil
      return File(debt: debt, byteCount: state.byteCount, checksum: array.carriesChecksums ? nil : state.checksum.value)
    }
  }

  /// Gives the block up and removes its temp file. True the first time, for the one who is to report it.
  @discardableResult
  package func giveUp() -> Bool {
    state.update { state in
      if state.isGivenUp { return false }
      state.isGivenUp = true
      state.waiting = [:]
      waitingBytes.store(0, ordering: .relaxed)
      state.writer.take()?.discard()
      return true
    }
  }

  package var isGivenUp: Bool { state.update { $0.isGivenUp } }
}

/// `withUnsafeBytes` with a typed throw, which the library's lacks.
private func withBytes(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(ZarrError) -> Void) throws(ZarrError) {
  try bytes.withUnsafeBufferPointer { (buffer) throws(ZarrError) in try body(UnsafeRawBufferPointer(buffer)) }
}
