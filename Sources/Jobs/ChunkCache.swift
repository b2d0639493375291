import Geometry
import Memory
import Synchronization

/// Decoded input chunks, shared by all workers and limited in bytes.
///
/// A chunk is decoded once however many workers ask for it at the same time: the first decodes, the others wait. A
/// missing chunk costs no bytes: it is remembered as a constant. The least recently used chunk goes first. A chunk in
/// use stays alive after it is dropped here, until its last reader lets go of it.
package final class ChunkCache: Sendable {
  package struct Key: Hashable, Sendable {
    /// Which array: the caller's numbering.
    package let source: Int
    /// Which chunk of it: its linear index.
    package let chunk: Int

    package init(source: Int, chunk: Int) { (self.source, self.chunk) = (source, chunk) }
  }

  package enum Content {
    case constant
    case voxels(ChunkBuffer)
  }

  private enum Slot {
    case loading
    case ready(Content, node: Int)
  }

  private struct State {
    var slots: [Key: Slot] = [:]
    var recency = RecencyList<Key>()
    /// Of the chunks that are here, and of those that are being decoded: their memory is taken before they are here.
    var byteCount = 0
    var loadingByteCount = 0
  }

  private let monitor: Monitor<State>
  private let byteLimit: Int
  private let buffers = ChunkBufferPool()
  /// Constants kept at most; each costs about a hundred bytes of bookkeeping.
  private let entryLimit = 200_000
  /// Buffers kept at most for the next chunks, beside those of the limit.
  static let spareBufferCount = 2

  package init(byteLimit: Int) {
    self.byteLimit = byteLimit
    monitor = Monitor(State())
  }

  /// The chunk, decoding it by `load` if nobody has. `load` fills the buffer and says whether there was a chunk.
  ///
  /// - Parameter meanwhile: something useful to do while another thread decodes the chunk; false where there is nothing.
  package func content<Failure: Error>(
    _ key: Key, byteCount: Int, meanwhile: () -> Bool = { false },
    load: (UnsafeMutableRawBufferPointer) throws(Failure) -> Bool
  ) throws(Failure) -> Content {
    while true {
      switch monitor.update({ look(for: key, byteCount: byteCount, &$0) }) {
      case .found(let content): return content
      case .toLoad: return try self.load(key, byteCount: byteCount, by: load)
      case .loading:
        if meanwhile() { continue }
        monitor.wait { state -> Void? in
          if case .loading? = state.slots[key] { return nil }
          return ()
        }
      }
    }
  }

  /// Decodes a chunk that will be needed soon, where that will not push out what is needed now. False where it was
  /// not done.
  package func fetch<Failure: Error>(
    _ key: Key, byteCount: Int, load: (UnsafeMutableRawBufferPointer) throws(Failure) -> Bool
  ) throws(Failure) -> Bool {
    let isWanted = monitor.update { state in
      guard state.slots[key] == nil, byteLimit / Self.leastChunksToReadAhead >= byteCount else { return false }
      if case .toLoad = look(for: key, byteCount: byteCount, &state) { return true }
      return false
    }
    if isWanted { _ = try self.load(key, byteCount: byteCount, by: load) }
    return isWanted
  }

  /// A cache of fewer chunks holds hardly more than what workers have in hand.
  private static let leastChunksToReadAhead = 16

  private enum Look {
    case found(Content)
    /// Another thread decodes it.
    case loading
    /// The caller is to decode it; its memory is counted.
    case toLoad
  }

  private func look(for key: Key, byteCount: Int, _ state: inout State) -> Look {
    switch state.slots[key] {
    case .ready(let content, let node):
      state.recency.touch(node)
      return .found(content)
    case .loading: return .loading
    case nil:
      state.slots[key] = .loading
      state.byteCount += byteCount
      state.loadingByteCount += byteCount
      evict(&state)
      return .toLoad
    }
  }

  private func load<Failure: Error>(
    _ key: Key, byteCount: Int, by load: (UnsafeMutableRawBufferPointer) throws(Failure) -> Bool
  ) throws(Failure) -> Content {
    let content: Content
    do {
      let buffer = buffers.take(byteCount: byteCount)
      content = try load(buffer.bytes) ? .voxels(buffer) : .constant
    } catch {
      monitor.update { state in
        state.slots[key] = nil
        state.byteCount -= byteCount
        state.loadingByteCount -= byteCount
      }
      throw error
    }
    monitor.update { state in
      state.slots[key] = .ready(content, node: state.recency.insert(key))
      state.loadingByteCount -= byteCount
      if case .constant = content { state.byteCount -= byteCount }
      self.evict(&state)
    }
    return content
  }

  /// Keeps a copy of a chunk that was just made, where there is room without dropping another, and drops it before all
  /// others: the next level then need not read it back.
  package func offer(_ key: Key, _ voxels: UnsafeRawBufferPointer) {
    let isWanted = monitor.update { state -> Bool in
      guard state.slots[key] == nil, state.byteCount + voxels.count <= byteLimit, state.slots.count < entryLimit else {
        return false
      }
      state.slots[key] = .loading
      state.byteCount += voxels.count
      state.loadingByteCount += voxels.count
      return true
    }
    guard isWanted else { return }
    let buffer = buffers.take(byteCount: voxels.count)
    buffer.bytes.copyMemory(from: voxels)
    monitor.update { state in
      state.slots[key] = .ready(.voxels(buffer), node: state.recency.insertOldest(key))
      state.loadingByteCount -= voxels.count
      self.evict(&state)
    }
  }

  /// Drops everything that is not of one source; between levels.
  package func removeAll(but source: Int) {
    monitor.update { state in
      for (key, slot) in state.slots where key.source != source {
        guard case .ready(let content, let node) = slot else { continue }
        state.slots[key] = nil
        state.recency.remove(node)
        if case .voxels(let buffer) = content { state.byteCount -= buffer.bytes.count }
      }
    }
    buffers.removeAll()
  }

  private func evict(_ state: inout State) {
    while state.byteCount > byteLimit || state.slots.count > entryLimit {
      guard let oldest = state.recency.popOldest() else { return }
      if case .ready(.voxels(let buffer), _) = state.slots.removeValue(forKey: oldest) {
        state.byteCount -= buffer.bytes.count
      }
    }
  }
}

/// The decoded bytes of one chunk; goes back to its pool when the last reader lets go.
package final class ChunkBuffer: @unchecked Sendable {
  // Unchecked: written by the one thread that decodes, before anyone else can see it; read-only ever after.
  package let bytes: UnsafeMutableRawBufferPointer
  private let pool: ChunkBufferPool

  fileprivate init(bytes: UnsafeMutableRawBufferPointer, pool: ChunkBufferPool) {
    (self.bytes, self.pool) = (bytes, pool)
  }

  deinit { pool.giveBack(bytes) }
}

/// A few buffers kept for reuse, so that the pages of a chunk need not be mapped again for the next one.
private final class ChunkBufferPool: Sendable {
  private struct Spare: @unchecked Sendable {
    // Unchecked: a spare buffer has no owner but the pool.
    let bytes: UnsafeMutableRawBufferPointer
  }
  private let spares = Mutex<[Spare]>([])

  func take(byteCount: Int) -> ChunkBuffer {
    let spare = spares.withLock { spares -> Spare? in
      guard let i = spares.lastIndex(where: { $0.bytes.count == byteCount }) else { return nil }
      return spares.remove(at: i)
    }
    return ChunkBuffer(
      bytes: spare?.bytes ?? largeMemory(byteCount), pool: self)
  }

  func giveBack(_ bytes: UnsafeMutableRawBufferPointer) {
    let extra = spares.withLock { spares -> Spare? in
      spares.append(Spare(bytes: bytes))
      return spares.count > ChunkCache.spareBufferCount ? spares.removeFirst() : nil
    }
    if let extra { Pages.free(extra.bytes) }
  }

  func removeAll() {
    for spare in spares.withLock({ spares in
      defer { spares = [] }
      return spares
    }) { Pages.free(spare.bytes) }
  }

  deinit { removeAll() }
}

/// What was planned for and checked against the limits; a system that has not even that is out of memory.
func largeMemory(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
  guard let bytes = Pages.allocate(byteCount: byteCount) else { fatalError("no memory for \(byteCount) bytes") }
  return bytes
}

/// Keys from least to most recently used: a doubly linked list in arrays, every operation in constant time.
struct RecencyList<Key> {
  private var keys: [Key?] = []
  private var previous: [Int] = []
  private var next: [Int] = []
  private var free: [Int] = []
  private var oldest = -1
  private var newest = -1

  mutating func insert(_ key: Key) -> Int {
    let node = make(key)
    append(node)
    return node
  }

  mutating func insertOldest(_ key: Key) -> Int {
    let node = make(key)
    (previous[node], next[node]) = (-1, oldest)
    if oldest >= 0 { previous[oldest] = node } else { newest = node }
    oldest = node
    return node
  }

  private mutating func make(_ key: Key) -> Int {
    let node: Int
    if let reused = free.popLast() {
      node = reused
      keys[node] = key
    } else {
      node = keys.count
      keys.append(key)
      previous.append(-1)
      next.append(-1)
    }
    return node
  }

  mutating func touch(_ node: Int) {
    guard node != newest else { return }
    unlink(node)
    append(node)
  }

  mutating func popOldest() -> Key? {
    guard oldest >= 0 else { return nil }
    let key = keys[oldest]
    remove(oldest)
    return key
  }

  mutating func remove(_ node: Int) {
    unlink(node)
    free.append(node)
    keys[node] = nil
  }

  private mutating func append(_ node: Int) {
    previous[node] = newest
    next[node] = -1
    if newest >= 0 { next[newest] = node } else { oldest = node }
    newest = node
  }

  private mutating func unlink(_ node: Int) {
    if previous[node] >= 0 { next[previous[node]] = next[node] } else { oldest = next[node] }
    if next[node] >= 0 { previous[next[node]] = previous[node] } else { newest = previous[node] }
  }
}
