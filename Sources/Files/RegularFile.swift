import Foundation

/// Opens files to be read, whatever stands in their place. A plain `open` of a FIFO waits until somebody writes to it, which
/// may be for ever, and no signal ends that.
package enum RegularFile {
  /// What a path leads to, open for reading: a regular file. The caller closes it.
  package static func open(_ path: String) throws(StorageError) -> (descriptor: Int32, status: stat) {
    var descriptor = open(path, O_NONBLOCK)
    // somebody holds a lease on it, as servers of files do: a file may be waited for
    if descriptor < 0, errno == EWOULDBLOCK, FileStatus.isFile(path) { descriptor = open(path, 0) }
    guard descriptor >= 0 else {
      let number = errno
      // what sockets and devices without a driver say
      if number == ENXIO || number == ENODEV, let kind = kind(path) { throw .noFile(path: path, kind: kind) }
      throw .io(step: .open, path: path, errno: number)
    }
    do throws(StorageError) {
      return (descriptor, try status(descriptor, path))
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func open(_ path: String, _ flag: Int32) -> Int32 {
    var descriptor: Int32
    repeat { descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flag) } while descriptor < 0 && errno == EINTR
    return descriptor
  }

  private static func status(_ descriptor: Int32, _ path: String) throws(StorageError) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .io(step: .stat, path: path, errno: errno) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw .io(step: .read, path: path, errno: EISDIR) }
    if let kind = kind(status) { throw .noFile(path: path, kind: kind) }
    return status
  }

  /// Throws where a path leads to what is neither a file nor a folder: for those who open it by other means.
  package static func check(_ path: String) throws(StorageError) {
    if let kind = kind(path) { throw .noFile(path: path, kind: kind) }
  }

  /// What a path leads to in words; nil for a file, a folder and nothing.
  private static func kind(_ path: String) -> String? {
    var status = stat()
    return stat(path, &status) == 0 ? kind(status) : nil
  }

  private static func kind(_ status: stat) -> String? {
    switch status.st_mode & S_IFMT {
    case S_IFREG, S_IFDIR: nil
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    case S_IFCHR, S_IFBLK: "a device"
    default: "something else"
    }
  }
}
