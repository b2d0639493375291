import CHDF5
import Files
import Foundation
import Synchronization
import Zarr

/// The turns of libhdf5, and the files that are open.
package enum HDF5Library {
  /// An open file by path and inode: one that was replaced is another one.
  private struct Place: Hashable {
    var path: String
    var device: UInt64
    var inode: UInt64
  }

  private struct WeakFile {
    weak var file: HDF5File?
  }

  // recursive: the last reference to a file or an array may go while it is someone's turn
  private static let lock = NSRecursiveLock()
  private static let files = Mutex<[Place: WeakFile]>([:])

  package static func inTurn<Result>(_ body: () -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return body()
  }

  /// Why the last call failed, asked in turn. Where the system refused something that it may give later, it is that.
  static func failure(_ path: String, _ inner: String? = nil) -> ZarrError {
    if let refusal = refusal(path) { return refusal }
    return .metadataInvalid(
      path: inner.map { "\(path), \($0)" } ?? path, reason: "HDF5: \(String(cString: chdf5_error()))",
      advice: "the file may be damaged, still being written, or not copied whole: copy it again from its source")
  }

  /// What the system refused when the last call failed, asked in turn, where it may give it later; else nil.
  static func refusal(_ path: String) -> ZarrError? {
    let refused = ZarrError.storage(.io(step: .read, path: path, errno: chdf5_errno()))
    return refused.isTransient ? refused : nil
  }

  /// Why the last call that reads voxels failed, asked in turn.
  struct Problem {
    let text: String
    /// The number that the system gave, if it may pass.
    let passing: Int32?

    init() {
      text = String(cString: chdf5_error())
      let number = chdf5_errno()
      passing = ErrnoMeaning(number).isTransient ? number : nil
    }
  }

  static func file(_ path: String, status: stat) throws(ZarrError) -> HDF5File {
    let place = Place(path: path, device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    lock.lock()
    defer { lock.unlock() }
    if let open = files.withLock({ $0[place]?.file }) { return open }
    let file = try HDF5File(inTurn: path)
    files.withLock { files in
      files = files.filter { $0.value.file != nil }
      files[place] = WeakFile(file: file)
    }
    return file
  }
}

/// The version of libhdf5.
public func hdf5LibraryVersion() -> String { HDF5Library.inTurn { String(cString: chdf5_version()) } }
