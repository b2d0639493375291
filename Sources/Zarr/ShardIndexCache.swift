import Memory
import Store
import Synchronization

/// Parsed shard indexes, the least recently used given up first: one for the whole process, so that its memory is
/// bounded however many arrays are open. An index counts only while its object has the same version.
package final class ShardIndexCache: Sendable {
  private struct Entry {
    let index: ShardIndex
    let version: ObjectVersion
  }

  static let shared = ShardIndexCache(maximumByteCount: 64 << 20)

  let maximumByteCount: Int
  private let entries = Mutex(LeastRecentlyUsed<String, Entry>())
  /// What is left after shrinking.
  private var keptByteCount: Int { maximumByteCount / 4 * 3 }

  package init(maximumByteCount: Int) {
    self.maximumByteCount = maximumByteCount
  }

  /// The memory of all indexes that are kept.
  package var byteCount: Int { entries.withLock { $0.cost } }

  package func index(_ path: String, version: ObjectVersion) -> ShardIndex? {
    guard let found = entries.withLock({ $0.use(path) }), found.version == version else { return nil }
    return found.index
  }

  package func insert(_ index: ShardIndex, path: String, version: ObjectVersion) {
    // shrinking would give a larger one up at once
    guard index.byteCount <= keptByteCount else { return }
    // let go of outside of the lock
    let dropped = entries.withLock { entries in
      let old = entries.insert(Entry(index: index, version: version), for: path, cost: index.byteCount)
      return (old, entries.cost > maximumByteCount ? entries.shrink(toCost: keptByteCount) : [])
    }
    _ = dropped
  }
}
