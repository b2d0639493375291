import JobStore
import Planning

/// A work order whose tasks may be at work keeps others from changing what the tasks rest on.
enum OpenOrder {
  /// - Parameter what: what is not done while an order is out.
  static func refuse(of job: JobID, in store: JobStore, to what: String) throws {
    guard let order = try store.openOrder(of: job) else { return }
    throw JobError.invalid(
      what: "cannot \(what) while the work order \(order.path) is out: its tasks may be at work",
      hint: "`blockfuse order \(job) --withdraw` cancels it; do the same again when its tasks have stopped")
  }
}
