import Foundation
import JobStore
import Synchronization

/// The database that is served. One that was deleted and made anew is opened anew: the old file, which nobody else sees any
/// more, could be read for ever.
final class ServedDatabase: Sendable {
  private struct Opened: Sendable {
    var store: JobStore
    var file: [UInt64]?
  }

  private let path: String
  private let opened: Mutex<Opened>

  init(_ store: JobStore) {
    path = store.path
    opened = Mutex(Opened(store: store, file: Self.identity(store.path)))
  }

  func store() throws -> JobStore {
    try opened.withLock { opened in
      // while the old one is open, no other file has its number
      let file = Self.identity(path)
      if file == nil || file != opened.file {
        opened.store = try JobStore.open(path, mode: .readOnly)
        opened.file = file
      }
      return opened.store
    }
  }

  private static func identity(_ path: String) -> [UInt64]? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return [UInt64(status.st_dev), UInt64(status.st_ino)]
  }
}
