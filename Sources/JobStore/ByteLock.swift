import CSystem
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A byte of a lock file, held until `release` or the end of this object.
package final class ByteLock: Sendable {
  private let fd: Mutex<Int32?>
  private let offset: Int64

  init(fd: Int32, offset: Int64) {
    self.fd = Mutex(fd)
    self.offset = offset
  }

  package func release() {
    fd.withLock {
      if let open = $0 {
        // a child that this process is just starting has the file open too, and so the lock, until it runs its program
        _ = csystem_unlock_byte(open, offset)
        close(open)
      }
      $0 = nil
    }
  }

  deinit { release() }
}
