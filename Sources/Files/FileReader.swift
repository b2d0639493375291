import Faults
import Foundation

/// A regular file open for reading by position.
package struct FileReader: ~Copyable {
  package let path: String
  package let version: FileVersion
  private let descriptor: Int32

  package var byteCount: Int { version.byteCount }

  /// Nil where there is no such file. A path below what is no folder is an error.
  package static func open(_ path: String) throws(StorageError) -> FileReader? {
    do throws(StorageError) {
      let (descriptor, status) = try RegularFile.open(path)
      return FileReader(path: path, status: status, descriptor: descriptor)
    } catch {
      guard error.systemNumber == ENOENT else { throw error }
      return nil
    }
  }

  private init(path: String, status: stat, descriptor: Int32) {
    self.path = path
    version = FileVersion(status)
    self.descriptor = descriptor
  }

  /// Fills `target` from `offset`; returns the byte count read, less only where the file ends.
  package func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
    try reach(.fileRead, .read, path)
    var done = 0
    while done < target.count, let start = target.baseAddress {
      // some systems refuse to read 2 GiB at once
      let count = pread(descriptor, start + done, min(target.count - done, 1 << 30), off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw .io(step: .read, path: path, errno: errno)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  deinit { close(descriptor) }
}
