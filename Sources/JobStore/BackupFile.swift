import CSystem
import Diagnostics
import Files
import Foundation

/// The file in which a copy of the database is made, until it is whole and gets its own name.
///
/// Whoever makes it holds a lock on it, which the kernel frees the moment the process dies. So what a killed one left is
/// known, and goes when the next copy is made in the same folder.
struct BackupFile: ~Copyable {
  let path: String
  private let descriptor: Int32
  private static let (prefix, suffix) = (".blockfuse-backup-", ".tmp")
  /// Far from the bytes that SQLite locks.
  private static let lockedByte: Int64 = 1 << 40

  /// - Parameter name: what errors call the file.
  init(in folder: String, as name: String) throws(JobStoreError) {
    Self.removeAbandoned(in: folder)
    while true {
      let path = "\(folder)/\(Self.prefix)\(UUID().uuidString)\(Self.suffix)"
      let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw Self.error(errno, name) }
      // some network file systems have no locks; what is left there by a killed process stays
      _ = csystem_lock_byte(descriptor, Self.lockedByte)
      // between the two calls another process may have taken it for an abandoned one
      if DatabaseFile.Identity(path) == DatabaseFile.Identity(descriptor: descriptor) {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      close(descriptor)
    }
  }

  /// Takes over the bytes of another file.
  func fill(from source: String, as name: String) throws(JobStoreError) {
    let from = open(source, O_RDONLY | O_CLOEXEC)
    guard from >= 0 else { throw Self.error(errno, name) }
    defer { close(from) }
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(from, &piece, piece.count)
      if count == 0 { return }
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.error(errno, name)
      }
      var done = 0
      while done < count {
        let written = piece.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + done }, count - done) }
        if written < 0 {
          if errno == EINTR { continue }
          throw Self.error(errno, name)
        }
        done += written
      }
    }
  }

  /// Where it got its own name, there is nothing left to remove.
  deinit {
    Self.remove(path)
    close(descriptor)
  }

  private static func remove(_ path: String) {
    for ending in ["", "-wal", "-shm", "-journal"] { unlink(path + ending) }
  }

  private static func removeAbandoned(in folder: String) {
    for name in (try? FolderListing(folder).names()) ?? [] where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      guard UUID(uuidString: String(name.dropFirst(prefix.count).dropLast(suffix.count))) != nil else { continue }
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      if descriptor < 0 { continue }
      if csystem_lock_byte(descriptor, lockedByte) == 0 { remove(path) }
      close(descriptor)
    }
  }

  private static func error(_ number: Int32, _ name: String) -> JobStoreError {
    ErrnoMeaning(number).isDiskFull ? .diskFull(path: name) : .cannotOpen(path: name, why: systemWords(number))
  }
}
