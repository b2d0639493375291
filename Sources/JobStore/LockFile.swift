import CSystem
import Diagnostics
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The file beside the database in which live processes hold bytes: byte 0 while opening, byte `run` while a run
/// lives, byte 2^40 + `job` while a job is being created.
///
/// Locks belong to open file descriptions, so the kernel gives them back the moment a process dies, whatever killed it,
/// and two stores in one process exclude each other as two processes do.
package struct LockFile: Sendable {
  package let path: String

  package init(path: String) {
    self.path = path
  }

  package static let opening: Int64 = 0
  package static func run(_ id: Int64) -> Int64 { id }
  package static func creation(_ job: JobID) -> Int64 { 1 << 40 + Int64(job) }

  /// Takes a byte for this process; nil if another holds it.
  package func take(_ offset: Int64) throws(JobStoreError) -> ByteLock? {
    let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o666)
    guard fd >= 0 else { throw fault(errno) }
    try check(fd)
    switch csystem_lock_byte(fd, offset) {
    case 0: return ByteLock(fd: fd, offset: offset)
    case EAGAIN:
      close(fd)
      return nil
    case let code:
      close(fd)
      throw fault(code)
    }
  }

  /// Takes a byte, waiting for its holder at most `seconds`.
  package func take(_ offset: Int64, within seconds: Double) throws(JobStoreError) -> ByteLock? {
    let deadline = Date().addingTimeInterval(seconds)
    while true {
      if let lock = try take(offset) { return lock }
      if Date() >= deadline { return nil }
      usleep(5_000)
    }
  }

  /// Which of these bytes are held by a live process, this one included.
  package func held(_ offsets: [Int64]) throws(JobStoreError) -> Set<Int64> {
    if offsets.isEmpty { return [] }
    // a FIFO would be waited for
    let fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if fd < 0 {
      if errno == ENOENT { return [] }
      throw fault(errno)
    }
    try check(fd)
    defer { close(fd) }
    var held: Set<Int64> = []
    for offset in offsets {
      let answer = csystem_byte_is_locked(fd, offset)
      if answer < 0 { throw fault(-answer) }
      if answer > 0 { held.insert(offset) }
    }
    return held
  }

  /// Closes what is no file, and throws.
  private func check(_ fd: Int32) throws(JobStoreError) {
    var info = stat()
    if fstat(fd, &info) == 0, info.st_mode & S_IFMT == S_IFREG { return }
    close(fd)
    throw .unusablePath(path: path, why: "it is not a regular file")
  }

  private func fault(_ code: Int32) -> JobStoreError {
    switch code {
    case EACCES, EPERM, EROFS: .readOnly(path: path)
    case ENOSPC, EDQUOT: .diskFull(path: path)
    default: .cannotOpen(path: path, why: systemWords(code))
    }
  }
}
