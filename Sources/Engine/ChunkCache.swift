import Diagnostics
import Geometry
import Memory
import Synchronization
import Threads

/// Decoded input chunks, shared by all workers and limited in bytes.
///
/// A chunk is decoded once however many workers ask for it at the same time: the first decodes, the others wait. A
/// missing chunk costs no bytes: it is remembered as a constant. A chunk goes when all who will read it have said that
/// they did, where their number is known; else the least recently used one goes first. A chunk in use stays alive after
/// it is dropped here, until its last reader lets go of it.
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

    fileprivate var byteCount: Int {
      switch self {
      case .constant: 0
      case .voxels(let buffer): buffer.bytes.count
      }
    }
  }

  private struct Entry {
    let content: Content
    /// Those who have not said yet that they have read it.
    var readersLeft = Int.max
  }

  private struct State {
    /// The chunks that are here; each costs the memory of its voxels.
    var kept = LeastRecentlyUsed<Key, Entry>()
    /// The chunks that are being decoded, whose memory is taken before they are here. None of them can be dropped.
    var loading: Set<Key> = []
    var loadingByteCount = 0

    var count: Int { kept.count + loading.count }
    var byteCount: Int { kept.cost + loadingByteCount }

    func knows(_ key: Key) -> Bool { kept.contains(key) || loading.contains(key) }

    mutating func startLoading(_ key: Key, byteCount: Int) {
      loading.insert(key)
      loadingByteCount += byteCount
    }

    mutating func stopLoading(_ key: Key, byteCount: Int) {
      loading.remove(key)
      loadingByteCount -= byteCount
    }
  }

  private let monitor: Monitor<State>
  private let byteLimit: Int
  private let buffers: ChunkBufferPool
  /// Constants kept at most; each costs about a hundred bytes of bookkeeping.
  private let entryLimit = 200_000

  /// - Parameter spareByteCount: memory beside that of the limit that is kept for the next chunks.
  package init(byteLimit: Int, spareByteCount: Int = 0) {
    self.byteLimit = byteLimit
    buffers = ChunkBufferPool(byteLimit: byteLimit + spareByteCount)
    monitor = Monitor(State())
  }

  /// The chunk, decoding it by `load` if nobody has. `load` fills the buffer and says whether there was a chunk.
  ///
  /// - Parameters:
  ///   - readerCount: how many times `finished` will be called for the chunk before nobody needs it; nil where that is
  ///     not known. Asked only where the chunk has to be decoded.
  ///   - meanwhile: something useful to do while another thread decodes the chunk; false where there is nothing.
  package func content<Failure: Error>(
    _ key: Key, byteCount: Int, readerCount: () -> Int? = { nil }, meanwhile: () -> Bool = { false },
    load: (UnsafeMutableRawBufferPointer) throws(Failure) -> Bool
  ) throws(Failure) -> Content {
    while true {
      switch monitor.update({ look(for: key, byteCount: byteCount, &$0) }) {
      case .found(let content): return content
      case .toLoad: return try self.load(key, byteCount: byteCount, readerCount: readerCount(), by: load)
      case .loading:
        if meanwhile() { continue }
        monitor.wait { state -> Void? in state.loading.contains(key) ? nil : () }
      }
    }
  }

  /// Decodes a chunk that will be needed soon, where that will not push out what is needed now. False where it was
  /// not done.
  package func fetch<Failure: Error>(
    _ key: Key, byteCount: Int, readerCount: () -> Int? = { nil },
    load: (UnsafeMutableRawBufferPointer) throws(Failure) -> Bool
  ) throws(Failure) -> Bool {
    let isWanted = monitor.update { state in
      guard !state.knows(key), holdsMany(byteCount: byteCount) else { return false }
      if case .toLoad = look(for: key, byteCount: byteCount, &state) { return true }
      return false
    }
    if isWanted { _ = try self.load(key, byteCount: byteCount, readerCount: readerCount(), by: load) }
    return isWanted
  }

  /// One of those who were to read a chunk has done so.
  package func finished(_ key: Key) {
    // let go of outside the lock: the last one may give memory back
    let dropped = monitor.update { state -> Content? in
      let readersLeft = state.kept.update(key) { entry in
        entry.readersLeft -= 1
        return entry.readersLeft
      }
      return readersLeft == 0 ? state.kept.remove(key)?.content : nil
    }
    withExtendedLifetime(dropped) {}
  }

  /// Whether so many chunks of a size fit that those which workers have in hand are few of them.
  func holdsMany(byteCount: Int) -> Bool { byteLimit / 16 >= byteCount }

  private enum Look {
    case found(Content)
    /// Another thread decodes it.
    case loading
    /// The caller is to decode it; its memory is counted.
    case toLoad
  }

  private func look(for key: Key, byteCount: Int, _ state: inout State) -> Look {
    if let entry = state.kept.use(key) { return .found(entry.content) }
    if state.loading.contains(key) { return .loading }
    state.startLoading(key, byteCount: byteCount)
    evict(&state)
    return .toLoad
  }

  private func load<Failure: Error>(
    _ key: Key, byteCount: Int, readerCount: Int?,
    by load: (UnsafeMutableRawBufferPointer) throws(Failure) -> Bool
  ) throws(Failure) -> Content {
    let content: Content
    do {
      let buffer = buffers.take(byteCount: byteCount)
      content = try load(buffer.bytes) ? .voxels(buffer) : .constant
    } catch {
      abandon(key, byteCount: byteCount)
      throw error
    }
    monitor.update { state in
      state.stopLoading(key, byteCount: byteCount)
      let entry = Entry(content: content, readersLeft: readerCount ?? .max)
      state.kept.insert(entry, for: key, cost: content.byteCount)
      self.evict(&state)
    }
    return content
  }

  /// Keeps something that was just made, and that `make` writes, where there is room without dropping another, and
  /// drops it before all others.
  package func offer(_ key: Key, byteCount: Int, make: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    let isWanted = monitor.update { state -> Bool in
      guard !state.knows(key), state.byteCount + byteCount <= byteLimit, state.count < entryLimit else { return false }
      state.startLoading(key, byteCount: byteCount)
      return true
    }
    guard isWanted else { return }
    let buffer = buffers.take(byteCount: byteCount)
    do {
      try make(buffer.bytes)
    } catch {
      abandon(key, byteCount: byteCount)
      throw error
    }
    monitor.update { state in
      state.stopLoading(key, byteCount: byteCount)
      state.kept.insertOldest(Entry(content: .voxels(buffer)), for: key, cost: byteCount)
      self.evict(&state)
    }
  }

  /// Takes out what was offered, where it is still here.
  package func take(_ key: Key) -> ChunkBuffer? {
    let content = monitor.update { state in state.kept.remove(key)?.content }
    guard case .voxels(let buffer)? = content else { return nil }
    return buffer
  }

  private func abandon(_ key: Key, byteCount: Int) {
    monitor.update { $0.stopLoading(key, byteCount: byteCount) }
  }

  /// Drops everything that is not of one source; between levels.
  package func removeAll(but source: Int) {
    _ = monitor.update { state in state.kept.removeAll { $0.source != source } }
    buffers.removeAll()
  }

  private func evict(_ state: inout State) {
    while state.byteCount > byteLimit || state.count > entryLimit {
      if state.kept.removeOldest() == nil { return }
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

/// Buffers that nobody uses any more, kept for the next chunks while all buffers together are within a limit: memory that
/// was filled once costs no faults when it is filled again.
private final class ChunkBufferPool: Sendable {
  private struct Spare: @unchecked Sendable {
    // Unchecked: a spare buffer has no owner but the pool.
    let bytes: UnsafeMutableRawBufferPointer
  }

  private struct State {
    var spares: [Spare] = []
    /// The memory of all buffers, in use or not.
    var byteCount = 0

    /// Takes out spares, those kept longest first, while there is more than may be.
    mutating func takeExcess(over limit: Int) -> [Spare] {
      var excess: [Spare] = []
      while byteCount > limit, !spares.isEmpty {
        let spare = spares.removeFirst()
        byteCount -= spare.bytes.count
        excess.append(spare)
      }
      return excess
    }
  }

  private let state = Mutex(State())
  private let byteLimit: Int

  init(byteLimit: Int) { self.byteLimit = byteLimit }

  func take(byteCount: Int) -> ChunkBuffer {
    let (spare, excess) = state.withLock { state -> (Spare?, [Spare]) in
      if let i = state.spares.lastIndex(where: { $0.bytes.count == byteCount }) { return (state.spares.remove(at: i), []) }
      state.byteCount += byteCount
      return (nil, state.takeExcess(over: byteLimit))
    }
    for spare in excess { Pages.free(spare.bytes) }
    return ChunkBuffer(bytes: spare?.bytes ?? Pages.take(byteCount: byteCount), pool: self)
  }

  func giveBack(_ bytes: UnsafeMutableRawBufferPointer) {
    let returned = Spare(bytes: bytes)
    let excess = state.withLock { state in
      state.spares.append(returned)
      return state.takeExcess(over: byteLimit)
    }
    for spare in excess { Pages.free(spare.bytes) }
  }

  func removeAll() {
    for spare in state.withLock({ $0.takeExcess(over: -1) }) { Pages.free(spare.bytes) }
  }

  deinit { removeAll() }
}
