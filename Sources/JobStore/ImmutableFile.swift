import Diagnostics
import Files
import Foundation
import GRDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A database file that nobody writes: SQLite reads it without locks and without files beside it, wherever it lies.
///
/// If that may not last, `isUnchanged` is asked after each reading: without locks, what was read while somebody
/// wrote may be half of it.
package struct ImmutableFile: Sendable {
  let path: String
  private let stamp: Stamp?

  private struct Stamp: Equatable {
    let numbers: [Int64]

    /// Nil if nobody says.
    init?(_ path: String) {
      var info = stat()
      guard stat(path, &info) == 0 else { return nil }
      #if canImport(Darwin)
        let time = info.st_mtimespec
      #else
        let time = info.st_mtim
      #endif
      numbers = [Int64(info.st_ino), Int64(info.st_size), Int64(time.tv_sec), Int64(time.tv_nsec)]
    }
  }

  package init(_ path: String) {
    self.path = path
    stamp = Stamp(path)
  }

  package func open() throws(JobStoreError) -> DatabaseQueue {
    // SQLite would wait for a FIFO
    do throws(StorageError) { try RegularFile.check(path) } catch {
      throw .unusablePath(path: path, why: "it is not a regular file")
    }
    guard access(path, R_OK) == 0 else { throw .cannotOpen(path: path, why: systemWords(errno)) }
    var characters = CharacterSet.urlPathAllowed
    characters.remove(charactersIn: "?#%")
    guard let name = path.addingPercentEncoding(withAllowedCharacters: characters) else {
      throw .cannotOpen(path: path, why: "the path is no text")
    }
    return try JobStore.caught(path) {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.prepareDatabase { db in try db.readFirst() }
      return try DatabaseQueue(path: "file:\(name)?immutable=1", configuration: configuration)
    }
  }

  /// Whether nobody has written the file, or begun to.
  package var isUnchanged: Bool { stamp == Stamp(path) && !DatabaseFile.hasLog(path) }
}
