import Synchronization

/// Parsed shard indexes, the least recently used given up first: one for the whole process, so that its memory is
/// bounded however many arrays are open. An index counts only while its file is the same (size, time of writing,
/// inode).
package final class ShardIndexCache: Sendable {
  /// What tells one state of a file from another.
  package struct Stamp: Hashable, Sendable {
    package var byteCount: Int
    package var modificationTime: Int64
    package var inode: UInt64

    package init(byteCount: Int, modificationTime: Int64, inode: UInt64) {
      (self.byteCount, self.modificationTime, self.inode) = (byteCount, modificationTime, inode)
    }
  }

  private struct Entry {
    var index: ShardIndex
    var stamp: Stamp
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

  /// Of all indexes kept.
  package var byteCount: Int { state.withLock { $0.byteCount } }

  package func index(_ path: String, stamp: Stamp) -> ShardIndex? {
    state.withLock { state in
      guard let found = state.entries[path], found.stamp == stamp else { return nil }
      state.clock += 1
      state.entries[path]?.lastUse = state.clock
      return found.index
    }
  }

  package func insert(_ index: ShardIndex, path: String, stamp: Stamp) {
    // shrinking would give a larger one up at once
    guard index.byteCount <= keptByteCount else { return }
    state.withLock { state in
      state.clock += 1
      let old = state.entries.updateValue(Entry(index: index, stamp: stamp, lastUse: state.clock), forKey: path)
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
