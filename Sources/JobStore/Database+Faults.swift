import Diagnostics
import Faults
import Foundation
import GRDB

extension Database {
  /// A place where tests can make a transaction fail, as SQLite itself would say it.
  func reach(_ point: FaultPoint) throws {
    if let number = Faults.reach(point) { throw DatabaseError.made(number) }
  }
}

extension DatabaseError {
  static func made(_ number: Int32) -> DatabaseError {
    let code: ResultCode =
      switch number {
      case ENOSPC, EDQUOT: .SQLITE_FULL
      case EACCES, EPERM, EROFS: .SQLITE_READONLY
      default: .SQLITE_IOERR
      }
    return DatabaseError(resultCode: code, message: "made to fail: \(systemWords(number))")
  }
}
