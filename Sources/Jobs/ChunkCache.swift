import Geometry
import Synchronization

/// Decoded input chunks, shared by all workers and limited in bytes.
///
/// A chunk is decoded once however many workers ask for it at the same time: the first decodes, the others wait. A
/// missing chunk costs no bytes: it is remembered as a constant. The least recently used chunk goes first. A chunk in
/// use stays alive after it is dropped here, until its last reader lets go of it.
final class ChunkCache: Sendable {
  struct Key: Hashable {
    /// Which array: the caller's numbering.
    let source: Int
    /// Which chunk of it: its linear index.
    let chunk: Int
  }

  enum Content {
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
    var hits = 0
    var misses = 0
  }

  private let monitor: Monitor<State>
  private let byteLimit: Int
  private let buffers = ChunkBufferPool()
  /// Constants kept at most; each costs about a hundred bytes of bookkeeping.
  private let entryLimit = 200_000
  /// Buffers kept at most for the next chunks, beside those of the limit.
  static let spareBufferCount = 2

  init(byteLimit: Int) {
    self.byteLimit = byteLimit
    monitor = Monitor(State())
  }

  /// The chunk, decoding it by `load` if nobody has. `load` fills the buffer and says whether there was a chunk.
  func content<Failure: Error>(
    _ key: Key, byteCount: Int, load: (UnsafeMutableRawBufferPointer) throws(Failure) -> Bool
  ) throws(Failure) -> Content {
    let found: Content? = monitor.wait { state -> Content?? in
      switch state.slots[key] {
      case .ready(let content, let node):
        state.recency.touch(node)
        state.hits += 1
        return .some(content)
      case .loading:
        return nil
      case nil:
        state.slots[key] = .loading
        state.misses += 1
        state.byteCount += byteCount
        state.loadingByteCount += byteCount
        self.evict(&state)
        return .some(nil)
      }
    }
    if let found { return found }
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

  var hitRate: Double {
    monitor.read { Double($0.hits) / Double(max(1, $0.hits + $0.misses)) }
  }

  /// Drops everything; between levels.
  func removeAll() {
    monitor.update { state in
      state.slots = state.slots.filter { if case .loading = $0.value { true } else { false } }
      state.recency = RecencyList()
      state.byteCount = state.loadingByteCount
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
final class ChunkBuffer: @unchecked Sendable {
  // Unchecked: written by the one thread that decodes, before anyone else can see it; read-only ever after.
  let bytes: UnsafeMutableRawBufferPointer
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
      bytes: spare?.bytes ?? .allocate(byteCount: max(byteCount, 1), alignment: 64), pool: self)
  }

  func giveBack(_ bytes: UnsafeMutableRawBufferPointer) {
    let extra = spares.withLock { spares -> Spare? in
      spares.append(Spare(bytes: bytes))
      return spares.count > ChunkCache.spareBufferCount ? spares.removeFirst() : nil
    }
    extra?.bytes.deallocate()
  }

  func removeAll() {
    for spare in spares.withLock({ spares in
      defer { spares = [] }
      return spares
    }) { spare.bytes.deallocate() }
  }

  deinit { removeAll() }
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
    append(node)
    return node
  }

  mutating func touch(_ node: Int) {
    guard node != newest else { return }
    unlink(node)
    append(node)
  }

  mutating func popOldest() -> Key? {
    guard oldest >= 0 else { return nil }
    let node = oldest
    unlink(node)
    free.append(node)
    defer { keys[node] = nil }
    return keys[node]
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
