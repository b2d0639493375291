import Foundation
import GRDB

/// Errors of the disk while the database is read, which may pass.
extension JobStore {
  /// Before the second try, the third, and so on.
  private static let waitsSeconds = [0.05, 0.3, 1.5]

  /// Does what only reads, and again where the disk could not be read; its last answer stands.
  static func readingAgain<T>(_ body: () throws(JobStoreError) -> T) throws(JobStoreError) -> T {
    for wait in waitsSeconds {
      do throws(JobStoreError) {
        return try body()
      } catch {
        guard error.isPassingRead else { throw error }
        Thread.sleep(forTimeInterval: wait)
      }
    }
    return try body()
  }
}

extension JobStoreError {
  /// What SQLite says where a read, or what comes before it, was refused by the system. A transaction that ends so has
  /// recorded nothing.
  private static let passingReads: Set<Int> = Set(
    [
      ResultCode.SQLITE_IOERR_READ, .SQLITE_IOERR_FSTAT, .SQLITE_IOERR_ACCESS, .SQLITE_IOERR_MMAP, .SQLITE_IOERR_SHMMAP,
      .SQLITE_IOERR_SHMOPEN, .SQLITE_IOERR_SHMSIZE,
      // of EIO, by newer versions, which mean the file system and not the database
      ResultCode(rawValue: 10 | 33 << 8),
    ].map { Int($0.rawValue) })

  var isPassingRead: Bool {
    if case .other(_, let code, _) = self { Self.passingReads.contains(code) } else { false }
  }
}
