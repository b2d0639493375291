import JobStore
import Synchronization

/// The database that is served. One that was deleted and made anew is opened anew: the old file, which nobody else sees any
/// more, could be read for ever.
final class ServedDatabase: Sendable {
  private let opened: Mutex<JobStore>

  init(_ store: JobStore) {
    opened = Mutex(store)
  }

  func store() throws -> JobStore {
    try opened.withLock { store in
      if !store.isInPlace { store = try JobStore.open(store.path, mode: .readOnly) }
      return store
    }
  }
}
