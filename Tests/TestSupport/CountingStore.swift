import Files
import Store
import Synchronization

/// Counts what is asked of a store.
package final class CountingStore: WrappedStore, @unchecked Sendable {
  // shared with the wrappers of the stores for writing; guarded by its lock
  private let steps: Counts

  private final class Counts: Sendable { let numbers = Mutex<[StoreStep: Int]>([:]) }

  package override convenience init(_ inner: any Store) { self.init(inner, Counts()) }

  private init(_ inner: any Store, _ steps: Counts) {
    self.steps = steps
    super.init(inner)
  }

  package var counts: [StoreStep: Int] { steps.numbers.withLock { $0 } }
  override func reach(_ step: StoreStep, _ key: String) throws(StorageError) {
    steps.numbers.withLock { $0[step, default: 0] += 1 }
  }
  override func wrapped(_ store: any Store) -> any Store { CountingStore(store, steps) }
}
