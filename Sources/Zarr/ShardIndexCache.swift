import Store
import Synchronization

/// Parsed shard indexes, the least recently used given up first: one for the whole process, so that its memory is
/// bounded however many arrays are open. An index counts only while its object has the same version.
package final class ShardIndexCache: Sendable {
  private struct Entry {
    var index: ShardIndex
    var version: ObjectVersion
    var lastUse: UInt64
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var byteCount = 0
    var clock: UInt64 = 0
  }

  static let shared = ShardIndexCache(maximumByteCount: 64 << 20)

  let maximumByteCount: Int
  private let state = Mutex(State())
  /// What is left after shrinking.
  private var keptByteCount: Int { maximumByteCount / 4 * 3 }

  package init(maximumByteCount: Int) {
    self.maximumByteCount = maximumByteCount
  }

  /// The memory of all indexes that are kept.
  package var byteCount: Int { state.withLock { $0.byteCount } }

  package func index(_ path: String, version: ObjectVersion) -> ShardIndex? {
    state.withLock { state in
      guard let found = state.entries[path], found.version == version else { return nil }
      state.clock += 1
      state.entries[path]?.lastUse = state.clock
      return found.index
    }
  }

  package func insert(_ index: ShardIndex, path: String, version: ObjectVersion) {
    // shrinking would give a larger one up at once
    guard index.byteCount <= keptByteCount else { return }
    state.withLock { state in
      state.clock += 1
      let old = state.entries.updateValue(Entry(index: index, version: version, lastUse: state.clock), forKey: path)
      state.byteCount += index.byteCount - (old?.index.byteCount ?? 0)
      if state.byteCount > maximumByteCount { shrink(&state) }
    }
  }

  /// To three quarters at once, so that looking for the oldest is rare.
  private func shrink(_ state: inout State) {
    for (path, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      if state.byteCount <= keptByteCount { return }
      state.entries[path] = nil
      state.byteCount -= entry.index.byteCount
    }
  }
}
