import Diagnostics
import Faults
import Files
import Foundation
import Fusion
import Geometry
import JobStore
import Output
import Planning
import Store
import Views
import Zarr

/// Freezes a job into a work order beside its output. An earlier order is collected, closed, and its tasks told to stop.
package struct OrderMaker {
  private let store: JobStore
  private let registry: FusionRegistry

  package init(store: JobStore, registry: FusionRegistry) { (self.store, self.registry) = (store, registry) }

  /// - Parameters:
  ///   - uuid: the order's own; nil: any. One that was used before is refused.
  ///   - note: told what is worth a word.
  package func make(_ selector: String?, uuid: UUID? = nil, note: (String) -> Void) throws -> OrderRecord {
    var record = try store.job(selector)
    let name = (uuid ?? UUID()).uuidString.lowercased()
    if let known = try store.orders(of: record.id).first(where: { $0.uuid == name }) {
      throw JobError.invalid(
        what: "the work order \(known.path) was made with this uuid before",
        hint: "a script of `slurm --dry-run` is good for once: `blockfuse slurm \(record.id)` submits what is missing")
    }
    if let holder = try store.holders(of: record.id).first {
      throw JobStoreError.alreadyRunning(job: record.id, holder: holder)
    }
    if record.state != .complete, let old = try store.openOrder(of: record.id) {
      if try Collector(store: store).collect(String(record.id), allowsGone: true).isOrderGone {
        note("the work order \(old.path) is not there any more: what its tasks did and nobody collected is done again")
      }
      record = try store.job(record.id)
    }
    guard record.state != .complete else {
      throw JobError.invalid(what: "job \(record.id) is complete: there is nothing to order", hint: "")
    }
    let job = try LoadedJob(record)
    let views = try job.views(in: store)
    let findings = try ChangeCheck.findings(of: job, views, registry: registry, notedIn: store)
    if findings.blocksSetBack > 0 { try WorkOrder.close(of: record.id, in: store) }
    findings.notes.forEach(note)
    if let error = findings.error(of: job) { throw error }
    let hold = try OutputHold.take(job.output, of: store.identity(), database: store.path, for: .writing, note: note)
    defer { withExtendedLifetime(hold) {} }
    let costs = try self.costs(of: job, views)
    let path = try newFolder(job.output.path, job: record.id)
    let order = OrderRecord(
      id: 0, job: record.id, uuid: name, path: path, madeAt: Date())
    do {
      try WorkOrder.freeze(order, costs: costs, of: store)
    } catch {
      _ = try? Place(path).removeAll()
      throw error
    }
    try reach(.orderFrozen, path)
    if let old = try store.openOrder(of: record.id) {
      try WorkOrder.withdraw(old.path)
      try reach(.orderWithdrawn, old.path)
    }
    let (begun, replaced) = try store.beginOrder(order)
    // recorded: whoever asks now finds it
    _ = Faults.reach(.orderBegun)
    // one that was made at the same time
    for old in replaced where WorkOrder.withdrawal(old.path) == nil { try WorkOrder.withdraw(old.path) }
    return begun
  }

  /// Takes an open order back: tasks stop before they take more blocks, and what they recorded until now is collected.
  package func withdraw(_ selector: String?) throws -> OrderRecord {
    let record = try store.job(selector)
    guard let order = try store.openOrder(of: record.id) else {
      throw JobError.invalid(what: "no work order of job \(record.id) is out", hint: "`blockfuse order` makes one")
    }
    try WorkOrder.withdraw(order.path)
    // what tasks made of an output that is gone, or another job's, is of no use to the record
    if try LoadedJob(record).output.foreignness() == nil {
      _ = try Collector(store: store).collect(String(record.id), allowsGone: true)
    }
    try store.closeOrder(order.id)
    return order
  }

  /// What the blocks of all levels cost, as an order has it that is made now.
  package func costs(of job: LoadedJob, _ views: LoadedViews) throws -> [(level: Int, brick: Int, costs: [UInt32])] {
    let costs = try BlockCosts(plan: job.plan, views: views.views, transforms: views.transforms)
    return try job.plan.levels.flatMap { layout in
      try costs.level(layout, of: job.record.id, in: store).map { (layout.level, $0.brick, $0.costs) }
    }
  }

  private func reach(_ point: FaultPoint, _ path: String) throws(JobError) {
    guard let number = Faults.reach(point) else { return }
    if number == ENOSPC || number == EDQUOT { throw .diskFull(path: path) }
    throw failure(path, number)
  }

  /// `OUT.blockfuse/order-N`, with a number that no order of the job has had, also where its folder is gone.
  package func nextNumber(_ output: String, job: JobID) throws -> Int {
    let known = try store.orders(of: job).map { FilePath.lastComponent(of: $0.path) }
    let names = try WorkOrder.names(in: WorkOrder.folder(ofOutput: output)) + known
    return (names.compactMap { WorkOrder.number($0, after: "order-") }.filter { $0 < 1 << 40 }.max() ?? 0) + 1
  }

  /// Both names survive a loss of power.
  private func newFolder(_ output: String, job: JobID) throws -> String {
    let folder = Place(WorkOrder.folder(ofOutput: output))
    var number = try nextNumber(output, job: job)
    while true {
      let order = folder / "order-\(number)"
      do throws(StorageError) {
        if try order.store.claim(order.key) { return order.address }
      } catch {
        guard error.path == order.address, let number = error.systemNumber else { throw error }
        throw failure(folder.address, number)
      }
      number += 1
    }
  }

  private func failure(_ folder: String, _ number: Int32) -> JobError {
    .output("cannot make a folder in \(folder): \(systemWords(number))", hint: "check its permissions")
  }
}
