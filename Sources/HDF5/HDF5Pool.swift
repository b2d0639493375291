import Files
import Memory
import Synchronization
import Zarr

/// The data sets that are open while nobody reads from them: few, whatever the number of views, the least recently used
/// going first. A data set holds its file open, and one in a single piece another descriptor.
///
/// Who reads from one holds it as long, so those in use are at most as many as threads.
final class HDF5Pool: Sendable {
  static let shared = HDF5Pool(limit: OpenFiles.idle() / 2)

  private let limit: Int
  /// The open data sets by the array that they belong to.
  private let kept = Mutex(LeastRecentlyUsed<ObjectIdentifier, HDF5Dataset>())

  init(limit: Int) { self.limit = limit }

  /// The data set of an array; `open` opens it if it is closed.
  func dataset(
    of array: ObjectIdentifier, open: () throws(ZarrError) -> HDF5Dataset
  ) throws(ZarrError) -> HDF5Dataset {
    if let known = kept.withLock({ $0.use(array) }) { return known }
    let opened = try open()
    keep(opened, of: array)
    return opened
  }

  func keep(_ dataset: HDF5Dataset, of array: ObjectIdentifier) {
    // closed outside of the lock, when they go out of scope
    let dropped = kept.withLock { kept in (kept.insert(dataset, for: array), kept.shrink(toCost: limit)) }
    _ = dropped
  }

  /// An array is gone.
  func forget(_ array: ObjectIdentifier) {
    let dropped = kept.withLock { $0.remove(array) }
    _ = dropped
  }
}
