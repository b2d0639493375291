import Foundation

/// Folders are removed only where nothing is in them any more: what somebody put there meanwhile stays.
package enum EmptyFolder {
  /// False where the folder is not empty; true where it was removed, or was not there.
  @discardableResult
  package static func remove(_ path: String) throws(StorageError) -> Bool {
    if rmdir(path) == 0 || errno == ENOENT { return true }
    if errno == ENOTEMPTY || errno == EEXIST { return false }
    throw .io(step: .remove, path: path, errno: errno)
  }
}
