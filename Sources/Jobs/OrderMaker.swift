import Faults
import Foundation
import Fusion
import Geometry
import JobStore
import Zarr

/// Freezes a job into a work order beside its output. An earlier order is collected, closed, and its tasks told to stop.
public struct OrderMaker {
  private let store: JobStore
  private let registry: FusionRegistry

  public init(store: JobStore, registry: FusionRegistry) { (self.store, self.registry) = (store, registry) }

  /// - Parameter note: told what is worth a word.
  public func make(_ selector: String?, note: (String) -> Void) throws -> OrderRecord {
    var record = try store.job(selector)
    if let holder = try store.holders(of: record.id).first {
      throw JobStoreError.alreadyRunning(job: record.id, holder: holder)
    }
    if record.state != .complete, try store.openOrder(of: record.id) != nil {
      _ = try Collector(store: store).collect(String(record.id))
      record = try store.job(record.id)
    }
    guard record.state != .complete else {
      throw JobError.invalid(what: "job \(record.id) is complete: there is nothing to order", hint: "")
    }
    let job = try OpenJob(record, in: store)
    let findings = try ChangeCheck.findings(of: job, registry: registry)
    findings.notes.forEach(note)
    guard findings.differences.isEmpty else {
      throw JobError.changed(job: job.title, differences: findings.differences)
    }
    let costs = try BlockCosts(plan: job.plan, views: job.views, transforms: job.transforms)
    var all: [(level: Int, brick: Int, costs: [UInt32])] = []
    for layout in job.plan.levels {
      all += try costs.level(layout, of: record.id, in: store).map { (layout.level, $0.brick, $0.costs) }
    }
    let path = try newFolder(job.output.path)
    let order = OrderRecord(
      id: 0, job: record.id, uuid: UUID().uuidString.lowercased(), path: path, madeAt: Date())
    try store.freeze(order, costs: all, to: "\(path)/\(WorkOrder.fileName)")
    try reach(.orderFrozen, path)
    if let old = try store.openOrder(of: record.id) {
      try WorkOrder.withdraw(old.path)
      try reach(.orderWithdrawn, old.path)
    }
    let begun = try store.beginOrder(order)
    // recorded: whoever asks now finds it
    _ = Faults.reach(.orderBegun)
    return begun
  }

  /// Takes an open order back: tasks stop before they take more blocks, and what they recorded until now is collected.
  public func withdraw(_ selector: String?) throws -> OrderRecord {
    let record = try store.job(selector)
    guard let order = try store.openOrder(of: record.id) else {
      throw JobError.invalid(what: "no work order of job \(record.id) is out", hint: "`blockfuse order` makes one")
    }
    try WorkOrder.withdraw(order.path)
    _ = try Collector(store: store).collect(String(record.id))
    try store.closeOrder(order.id)
    return order
  }

  private func reach(_ point: FaultPoint, _ path: String) throws(JobError) {
    guard let number = Faults.reach(point) else { return }
    if number == ENOSPC || number == EDQUOT { throw .diskFull(path: path) }
    throw failure(path, number)
  }

  /// `OUT.blockfuse/order-N`, with the next number; both names survive a loss of power.
  private func newFolder(_ output: String) throws -> String {
    let folder = WorkOrder.folder(ofOutput: output)
    try DirectoryMaker.makeDurably(folder)
    var number = (WorkOrder.names(in: folder).compactMap { WorkOrder.number($0, after: "order-") }.max() ?? 0) + 1
    while mkdir("\(folder)/order-\(number)", 0o777) != 0 {
      guard errno == EEXIST else { throw failure(folder) }
      number += 1
    }
    try DirectoryMaker(root: folder).sync(folder)
    return "\(folder)/order-\(number)"
  }

  private func failure(_ folder: String, _ number: Int32 = errno) -> JobError {
    .output("cannot make a folder in \(folder): \(String(cString: strerror(number)))", hint: "check its permissions")
  }
}
