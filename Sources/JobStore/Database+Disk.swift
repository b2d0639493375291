import Diagnostics
import Foundation
import GRDB
import GRDBSQLite

/// Which errors are those of the disk: newer versions of SQLite say of some (`EIO`) that the database is damaged, and only its
/// files remember that the system refused to read them.
extension Database {
  /// Runs `body`; damage that it finds is an error of the disk where the disk could not be read.
  func tellingDiskFromDamage<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
      guard let number = readError else { throw error }
      throw DatabaseError(resultCode: .SQLITE_IOERR_READ, message: "disk I/O error: \(systemWords(number))")
    }
  }

  /// As GRDB's `write`: what begins the transaction reads too.
  func writing<T>(_ body: (Database) throws -> T) throws -> T {
    var answer: T?
    try tellingDiskFromDamage {
      try inTransaction(.immediate) {
        answer = try body(self)
        return .commit
      }
    }
    guard let answer else { throw DatabaseError(resultCode: .SQLITE_INTERNAL, message: "a transaction has no answer") }
    return answer
  }

  /// What any connection does first, so that it is said which disk cannot be read.
  func readFirst() throws {
    try tellingDiskFromDamage { _ = try Int.fetchOne(self, sql: "SELECT count(*) FROM sqlite_schema") }
  }

  /// SQLite's own words for a code: `disk I/O error`.
  static func words(for code: ResultCode) -> String { String(cString: sqlite3_errstr(code.rawValue)) }

  /// Why a database that was said to be damaged may be whole: it is when it is read from its beginning to its end, and what
  /// failed was a read of some connection that nobody can ask any more; or the disk does not let it be read. Nil where it was
  /// read, and is damaged.
  static func doubt(ofDamageTo path: String) -> String? {
    var configuration = Configuration()
    configuration.readonly = true
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      let (problems, number) = try queue.read { db in
        (try db.tellingDiskFromDamage { try String.fetchAll(db, sql: "PRAGMA integrity_check(1)") }, db.readError)
      }
      if problems == ["ok"] { return "a read failed for a moment, and the database is sound" }
      return number.map { systemWords($0) }
    } catch let error as DatabaseError {
      let isOfDisk = error.resultCode == .SQLITE_IOERR && error.extendedResultCode != .SQLITE_IOERR_SHORT_READ
      let isShut = error.resultCode == .SQLITE_CANTOPEN && access(path, F_OK) == 0
      return isOfDisk || isShut ? error.message ?? words(for: error.resultCode) : nil
    } catch {
      return "\(error)"
    }
  }

  /// The number with which the system last refused to read the database, or the log beside it; nil where it did not.
  private var readError: Int32? {
    let asked = Int32(SQLITE_FCNTL_LAST_ERRNO)
    var numbers = [Int32(0), Int32(0)]
    sqlite3_file_control(sqliteConnection, "main", asked, &numbers[0])
    var log: UnsafeMutablePointer<sqlite3_file>?
    if sqlite3_file_control(sqliteConnection, "main", Int32(SQLITE_FCNTL_JOURNAL_POINTER), &log) == SQLITE_OK,
      let log, let methods = log.pointee.pMethods, let control = methods.pointee.xFileControl
    {
      _ = control(log, asked, &numbers[1])
    }
    return numbers.first { [EIO, ENXIO, ERANGE].contains($0) }
  }
}
