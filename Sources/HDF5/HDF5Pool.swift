import Files
import Synchronization
import Zarr

/// The data sets that are open while nobody reads from them: few, whatever the number of views, the least recently used
/// going first. A data set holds its file open, and one in a single piece another descriptor.
///
/// Who reads from one holds it as long, so those in use are at most as many as threads.
final class HDF5Pool: Sendable {
  static let shared = HDF5Pool(limit: OpenFiles.idle() / 2)

  private struct State {
    /// The open data sets by the array that they belong to.
    var kept: [ObjectIdentifier: (dataset: HDF5Dataset, use: Int)] = [:]
    var clock = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  /// The data set of an array; `open` opens it if it is closed.
  func dataset(
    of array: ObjectIdentifier, open: () throws(ZarrError) -> HDF5Dataset
  ) throws(ZarrError) -> HDF5Dataset {
    let kept = state.withLock { state -> HDF5Dataset? in
      state.clock += 1
      state.kept[array]?.use = state.clock
      return state.kept[array]?.dataset
    }
    if let kept { return kept }
    let opened = try open()
    keep(opened, of: array)
    return opened
  }

  func keep(_ dataset: HDF5Dataset, of array: ObjectIdentifier) {
    // closed outside of the lock, when they go out of scope
    let dropped = state.withLock { state -> [HDF5Dataset] in
      state.clock += 1
      var dropped: [HDF5Dataset] = []
      if let old = state.kept.updateValue((dataset, state.clock), forKey: array) { dropped.append(old.dataset) }
      while state.kept.count > limit, let oldest = state.kept.min(by: { $0.value.use < $1.value.use }) {
        dropped.append(oldest.value.dataset)
        state.kept[oldest.key] = nil
      }
      return dropped
    }
    _ = dropped
  }

  /// An array is gone.
  func forget(_ array: ObjectIdentifier) {
    let dropped = state.withLock { $0.kept.removeValue(forKey: array) }
    _ = dropped
  }
}
