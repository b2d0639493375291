import Files
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

  private struct State {
    /// From least to most recently used.
    var idle: [Idle] = []
    var tables: [String: (table: TIFFDirectoryTable, use: Int)] = [:]
    var directoryCount = 0
    var clock = 0
  }

  /// Calls `body` with the file, open and this thread's own.
  func with<T>(_ path: String, _ body: (TIFFHandle) throws(TIFFError) -> T) throws(TIFFError) -> T {
    let kept = state.withLock { state -> Idle? in
      guard let i = state.idle.lastIndex(where: { $0.handle.path == path }) else { return nil }
      return state.idle.remove(at: i)
    }
    let lent: Idle
    if let kept { lent = kept } else { lent = Idle(handle: try TIFFHandle(path)) }
    // a handle that failed is closed, not kept: the file may be another one by now
    let result = try body(lent.handle)
    // closed outside of the lock, when it goes out of scope
    let extra = state.withLock { state -> Idle? in
      state.idle.append(lent)
      return state.idle.count > handleLimit ? state.idle.removeFirst() : nil
    }
    _ = extra
    return result
  }

  /// The table of the file that `handle` has open.
  func table(_ handle: TIFFHandle) throws(TIFFError) -> TIFFDirectoryTable {
    let known = state.withLock { state -> TIFFDirectoryTable? in
      guard let kept = state.tables[handle.path] else { return nil }
      state.clock += 1
      state.tables[handle.path]?.use = state.clock
      return kept.table
    }
    if let known { return known }
    let table = try TIFFDirectoryTable.read(handle)
    state.withLock { state in
      state.clock += 1
      if let old = state.tables.updateValue((table, state.clock), forKey: handle.path) {
        state.directoryCount -= old.table.offsets.count
      }
      state.directoryCount += table.offsets.count
      while state.directoryCount > directoryLimit, state.tables.count > 1,
        let oldest = state.tables.min(by: { $0.value.use < $1.value.use })
      {
        state.tables[oldest.key] = nil
        state.directoryCount -= oldest.value.table.offsets.count
      }
    }
    return table
  }

  /// Forgets a file, which may have changed.
  func forget(_ path: String) {
    let dropped = state.withLock { state -> [Idle] in
      if let old = state.tables.removeValue(forKey: path) { state.directoryCount -= old.table.offsets.count }
      let dropped = state.idle.filter { $0.handle.path == path }
      state.idle.removeAll { $0.handle.path == path }
      return dropped
    }
    _ = dropped
  }
}
