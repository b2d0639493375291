import Files
import Store

/// Makes steps fail as a test says.
package final class FaultyStore: WrappedStore, @unchecked Sendable {
  private let fault: @Sendable (StoreStep, String) -> Int32?

  /// - Parameter fault: the number of the error that a step fails with; nil: it is done.
  package init(_ inner: any Store, fault: @escaping @Sendable (StoreStep, String) -> Int32?) {
    self.fault = fault
    super.init(inner)
  }

  override func reach(_ step: StoreStep, _ key: String) throws(StorageError) {
    if let number = fault(step, key) { throw .io(step: .write, path: address(of: key), errno: number) }
  }
  override func wrapped(_ store: any Store) -> any Store { FaultyStore(store, fault: fault) }
}
