import Files
import Memory
import Synchronization

/// The TIFF files of this process that are open, and the tables of their directories: both limited, whatever the number of
/// tiles, the least recently used going first.
///
/// A handle belongs to the thread that borrowed it until it comes back, so files in use are at most as many as threads.
final class TIFFPool: Sendable {
  static let shared = TIFFPool()

  /// Handles kept open while nobody uses them.
  private let handleLimit: Int
  /// Directories in all the tables that are kept; 8 bytes each.
  private let directoryLimit: Int
  private let state = Mutex(State())

  init(handleLimit: Int = min(64, OpenFiles.idle()), directoryLimit: Int = 4 << 20) {
    (self.handleLimit, self.directoryLimit) = (handleLimit, directoryLimit)
  }

  private struct Idle: @unchecked Sendable {
    // Unchecked: nobody else has it.
    let handle: TIFFHandle
  }

  /// A file may be open more than once.
  private struct IdleKey: Hashable {
    let path: String
    let handle: ObjectIdentifier
  }

  private struct State {
    var idle = LeastRecentlyUsed<IdleKey, Idle>()
    /// Each costs as many as it has directories.
    var tables = LeastRecentlyUsed<String, TIFFDirectoryTable>()
  }

  /// Calls `body` with the file, open and this thread's own.
  func with<T>(_ path: String, _ body: (TIFFHandle) throws(TIFFError) -> T) throws(TIFFError) -> T {
    let kept = state.withLock { $0.idle.removeNewest { $0.path == path } }
    let lent: Idle
    if let kept { lent = kept } else { lent = Idle(handle: try TIFFHandle(path)) }
    // a handle that failed is closed, not kept: the file may be another one by now
    let result = try body(lent.handle)
    // closed outside of the lock, when it goes out of scope
    let extra = state.withLock { state in
      state.idle.insert(lent, for: IdleKey(path: lent.handle.path, handle: ObjectIdentifier(lent.handle)))
      return state.idle.shrink(toCost: handleLimit)
    }
    _ = extra
    return result
  }

  /// The table of the file that `handle` has open.
  func table(_ handle: TIFFHandle) throws(TIFFError) -> TIFFDirectoryTable {
    if let known = state.withLock({ $0.tables.use(handle.path) }) { return known }
    let table = try TIFFDirectoryTable.read(handle)
    let dropped = state.withLock { state in
      let old = state.tables.insert(table, for: handle.path, cost: table.offsets.count)
      return (old, state.tables.shrink(toCost: directoryLimit, keeping: 1))
    }
    _ = dropped
    return table
  }

  /// Forgets a file, which may have changed.
  func forget(_ path: String) {
    let dropped = state.withLock { state in (state.tables.remove(path), state.idle.removeAll { $0.path == path }) }
    _ = dropped
  }
}
