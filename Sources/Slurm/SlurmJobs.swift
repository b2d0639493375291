import Diagnostics
import Foundation
import Fusion
import Geometry
import JobStore
import Orders
import Output
import Planning

/// Submits what is missing of a job to Slurm: an array for each level, each after those below, and the collecting end.
///
/// What has been submitted before is known from Slurm itself, by the names of its jobs. What runs is left to run and
/// waited for; what waits is left in the queue as long as nothing below it is missing, else it is submitted anew, after
/// what is missing.
package struct SlurmJobs {
  package struct Request: Sendable {
    /// Shares of level 0, and at most of each other level; nil: as before, else as many as fit what the job costs.
    package var tasks: Int?
    package var workers: Int?
    package var memory: String?
    package var atOnce: Int?
    /// The program, as the nodes see it.
    package var program: String
    /// The limit of a task, which is also one of the options.
    package var time: String?
    package var options: [String]

    /// CPUs that a task works with, as far as that is known here.
    var cpus: Int {
      workers ?? options.last { $0.hasPrefix("--cpus-per-task=") }.flatMap { Int($0.dropFirst("--cpus-per-task=".count)) } ?? 1
    }

    package init(
      tasks: Int?, workers: Int?, memory: String?, atOnce: Int?, program: String, time: String?, options: [String]
    ) {
      (self.tasks, self.workers, self.memory, self.atOnce, self.time) = (tasks, workers, memory, atOnce, time)
      (self.program, self.options) = (program, options)
    }
  }

  package struct Submitted: Sendable {
    package let id: String
    /// Nil: the collecting end.
    package let level: Int?
    package let tasks: Int
    /// The numbers of the tasks, as Slurm writes them.
    package let indices: String
    package let after: [String]
  }

  /// What was submitted of a job, and what was not and why.
  package struct Submission: Sendable {
    package var state: JobState
    /// The order's folder; nil where there was nothing to order.
    package var order: String?
    package var isNewOrder = false
    package var submitted: [Submitted] = []
    /// Tasks of earlier submissions that run or wait, and are not submitted again.
    package var activeTasks = 0
    package var activeIDs: [String] = []
    package var failedBlocks = 0
    /// Shares of level 0, and whether that number was chosen here.
    package var tasks = 0
    package var isProposed = false
    /// What is submitted now; nil where nothing is.
    package var expected: SlurmExpectation?
  }

  let store: JobStore
  let registry: FusionRegistry
  let queue = SlurmQueue()

  package init(store: JobStore, registry: FusionRegistry) { (self.store, self.registry) = (store, registry) }

  /// - Parameter note: told what is worth a word.
  package func submit(_ selector: String?, _ request: Request, note: (String) -> Void) throws -> Submission {
    var record = try store.job(selector)
    if record.state == .complete { return Submission(state: .complete) }
    let orders = try store.orders(of: record.id)
    // before the logs are read: a task that ends in between counts as one that still runs, or its blocks would seem to be
    // missing
    let all = try queue.tasks(named: orders.map(SlurmScript.namePrefix))
    if orders.contains(where: \.isOpen) {
      _ = try Collector(store: store).collect(String(record.id), allowsGone: true)
      record = try store.job(record.id)
      if record.state == .complete { return Submission(state: .complete) }
    }
    let known = try taskCount(request, orders, all)
    let largest = try queue.largestIndex()
    let usable = try usableOrder(record, note: note)
    let order = try WorkOrder(
      path: usable?.path ?? OrderMaker(store: store, registry: registry).make(String(record.id), note: note).path)
    let prefix = SlurmScript.namePrefix(order.record)
    var active = all.filter { $0.name.hasPrefix(prefix) }
    if !orders.contains(where: { $0.uuid == order.record.uuid }) { active = try queue.tasks(named: [prefix]) }
    let levels = try order.job.details().plan.levels
    let tasks = try known ?? proposed(request, levels[0], costs: order.store.costs(level: 0))
    try check(active, prefix, levels, tasks, record.id)
    let missing = try MissingShares(levels: levels, job: record.id, record: store)
    let plan = try SlurmPlan(levels: levels, tasks: tasks, active: active, prefix: prefix) { layout, count in
      try missing.of(layout, count: count, costs: try order.store.costs(level: layout.level))
    }
    var report = Submission(state: record.state, order: order.path, isNewOrder: usable == nil)
    (report.tasks, report.isProposed) = (tasks, known == nil)
    report.failedBlocks = try store.levels(of: record.id).reduce(0) { $0 + $1.counts.failed }
    // tasks of earlier orders can do no more than end
    let outdated = unique(all.filter { !$0.name.hasPrefix(prefix) }.map(\.id))
    do {
      try queue.cancel(outdated)
    } catch {
      note("tasks of an earlier order, \(outdated.joined(separator: " ")), could not be cancelled: \(error.description)")
    }
    try queue.cancelWaiting(plan.replaced)
    report.activeTasks = plan.kept.count
    report.activeIDs = plan.keptIDs
    if plan.levels.isEmpty && plan.kept.isEmpty { return report }
    if plan.levels.isEmpty, Self.isEndWaiting(active) { return report }
    try makeFolder("\(order.path)/slurm")
    try remember(tasks, order.path)
    let setting = setting(request, order: order.path, uuid: order.record.uuid, job: record.id)
    report.submitted = try submit(plan, setting, largestIndex: largest)
    if !plan.levels.isEmpty { report.expected = try expectation(request, plan) { try order.store.costs(level: $0) } }
    return report
  }

  /// Cancels all that was submitted for the job, also for its earlier orders. Returns the ids.
  package func cancel(_ selector: String?) throws -> [String] {
    let orders = try store.orders(of: store.job(selector).id)
    let ids = unique(try queue.tasks(named: orders.map(SlurmScript.namePrefix)).map(\.id))
    try queue.cancel(ids)
    return ids
  }

  /// The open order, unless there is something that it cannot know.
  func usableOrder(_ record: JobRecord, note: (String) -> Void) throws -> OrderRecord? {
    guard let order = try store.openOrder(of: record.id), WorkOrder.withdrawal(order.path) == nil,
      try WorkOrder.isThere(order.path)
    else { return nil }
    // blocks that only the database knows would be missing to the tasks of the levels above
    let isOutdated = try store.runs(of: record.id).contains { $0.worker.startedAt > order.madeAt }
    if isOutdated {
      note("`run` has worked on the job since the order \(order.path) was made: there will be a new one")
      return nil
    }
    return order
  }

  func setting(_ request: Request, order: String, uuid: String, job: JobID) -> SlurmScript.Setting {
    SlurmScript.Setting(
      program: request.program, order: order, orderUUID: uuid, job: job, database: store.path, workers: request.workers,
      memory: request.memory, atOnce: request.atOnce, time: request.time, options: request.options)
  }

  static func isEndWaiting(_ active: [SlurmQueue.Task]) -> Bool {
    active.contains { $0.index == nil && !$0.isRunning && !$0.isStuck }
  }

  private func submit(_ plan: SlurmPlan, _ setting: SlurmScript.Setting, largestIndex: Int) throws -> [Submitted] {
    var submitted: [Submitted] = []
    do {
      try plan.eachScript(setting, largestIndex: largestIndex) { script, array, before in
        if let array { try makeFolder("\(setting.order)/slurm/level-\(array.level)") }
        let id = try queue.submit(script.arguments, script: script.text)
        submitted.append(
          Submitted(
            id: id, level: array?.level, tasks: array?.indices.count ?? 1,
            indices: array.map { own in SlurmScript.list(IndexSet(own.indices.map { $0 + own.offset })) } ?? "", after: before))
        return id
      }
    } catch {
      // half a pyramid would only be in the way of the next try
      try? queue.cancel(submitted.map(\.id))
      throw error
    }
    return submitted
  }

  private func makeFolder(_ path: String) throws(JobError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .output("cannot make the folder \(path): \(errorWords(error))", hint: "check its permissions")
    }
  }
}
