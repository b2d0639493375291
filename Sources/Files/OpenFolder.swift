import Foundation

/// A folder that is held open: what is written below it lands in this very folder, also when another one has its name by
/// then, and fails once it was removed.
public final class OpenFolder: Sendable {
  public let path: String
  let descriptor: Int32

  public init(_ path: String) throws(StorageError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .io(step: .open, path: path, errno: errno) }
  }

  deinit { close(descriptor) }

  /// Whether its path still leads to it. Throws where the system does not say.
  public func isInPlace() throws(StorageError) -> Bool {
    var (own, there) = (stat(), stat())
    guard fstat(descriptor, &own) == 0 else { throw .io(step: .stat, path: path, errno: errno) }
    guard stat(path, &there) == 0 else {
      if ErrnoMeaning(errno).isMissing { return false }
      throw .io(step: .stat, path: path, errno: errno)
    }
    return own.st_dev == there.st_dev && own.st_ino == there.st_ino
  }

  /// A path at or below it, as system calls take it; others by name.
  fileprivate func locate(_ path: String) -> (folder: Int32, path: String) {
    if path == self.path { return (descriptor, ".") }
    guard path.hasPrefix(self.path + "/") else { return (AT_FDCWD, path) }
    return (descriptor, String(path.dropFirst(self.path.count + 1)))
  }
}

extension OpenFolder? {
  /// For calls that end in `at`: by name where nothing is held.
  func locate(_ path: String) -> (folder: Int32, path: String) { self?.locate(path) ?? (AT_FDCWD, path) }
}
