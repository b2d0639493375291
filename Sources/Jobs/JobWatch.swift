import JobStore
import Orders
import Output

/// How a job stands, again and again, also while tasks of a work order do it: then with what their logs say. Writes nothing.
package struct JobWatch: Sendable {
  private var order: OrderWatch?

  package init() {}

  /// - Parameter seconds: of reading logs, at most.
  package mutating func progress(of job: JobID, in store: JobStore, seconds: Double = 1) throws -> JobProgress {
    let recorded = try store.job(job)
    guard recorded.state != .complete, let open = try store.openOrder(of: job) else {
      order = nil
      return try store.progress(of: job)
    }
    var watch = order?.order.id == open.id ? order : nil
    if watch == nil { watch = OrderWatch(open, levels: try store.levels(of: job).map(\.layout)) }
    guard var watch else { return try store.progress(of: job) }
    defer { order = watch }
    return try watch.look(in: store, seconds: seconds)
  }
}
