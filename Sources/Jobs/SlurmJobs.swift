import Foundation
import Fusion
import Geometry
import JobStore

/// Submits what is missing of a job to Slurm: an array for each level, each after those below, and the collecting end.
///
/// What has been submitted before is known from Slurm itself, by the names of its jobs. What runs is left to run and
/// waited for; what waits is left in the queue as long as nothing below it is missing, else it is submitted anew, after
/// what is missing.
public struct SlurmJobs {
  public struct Request: Sendable {
    /// Shares of level 0, and at most of each other level; nil: as before.
    public var tasks: Int?
    public var workers: Int?
    public var memory: String?
    public var atOnce: Int?
    /// The program, as the nodes see it.
    public var program: String
    /// The limit of a task, which is also one of the options.
    public var time: String?
    public var options: [String]

    public init(
      tasks: Int?, workers: Int?, memory: String?, atOnce: Int?, program: String, time: String?, options: [String]
    ) {
      (self.tasks, self.workers, self.memory, self.atOnce, self.time) = (tasks, workers, memory, atOnce, time)
      (self.program, self.options) = (program, options)
    }
  }

  public struct Submitted: Sendable {
    public let id: String
    /// Nil: the collecting end.
    public let level: Int?
    public let tasks: Int
    /// Of the tasks, as Slurm writes it.
    public let indices: String
    public let after: [String]
  }

  public struct Report: Sendable {
    public var state: JobState
    /// The order's folder; nil where there was nothing to order.
    public var order: String?
    public var isNewOrder = false
    public var submitted: [Submitted] = []
    /// Tasks of earlier submissions that run or wait, and are not submitted again.
    public var activeTasks = 0
    public var activeIDs: [String] = []
    public var failedBlocks = 0
  }

  private let store: JobStore
  private let registry: FusionRegistry
  private let queue = SlurmQueue()

  public init(store: JobStore, registry: FusionRegistry) { (self.store, self.registry) = (store, registry) }

  /// - Parameter note: told what is worth a word.
  public func submit(_ selector: String?, _ request: Request, note: (String) -> Void) throws -> Report {
    var record = try store.job(selector)
    var (known, active) = (OrderRecord?.none, [SlurmQueue.Task]())
    if record.state != .complete, let order = try store.openOrder(of: record.id) {
      // before the logs are read: a task that ends in between counts as one that still runs, or its blocks would seem to be
      // missing
      (known, active) = (order, try queue.tasks(named: SlurmScript.namePrefix(order)))
      _ = try Collector(store: store).collect(String(record.id), allowsGone: true)
      record = try store.job(record.id)
    }
    if record.state == .complete { return Report(state: .complete) }
    // what is missing for that is said before an order is made
    if request.tasks == nil, known == nil { throw Self.noTaskCount }
    _ = try queue.largestIndex()
    var (open, isNew) = (try usableOrder(record, note: note), false)
    if open == nil {
      if let old = try store.openOrder(of: record.id) { try cancelAll(old) }
      open = try OrderMaker(store: store, registry: registry).make(String(record.id), note: note)
      isNew = true
    }
    guard let path = open?.path else { throw JobError.unexpected("job \(record.id) has no work order") }
    let order = try WorkOrder(path: path)
    var report = Report(state: record.state, order: path, isNewOrder: isNew)
    report.failedBlocks = try store.levels(of: record.id).reduce(0) { $0 + $1.counts.failed }
    let setting = setting(order, request)
    let prefix = SlurmScript.namePrefix(order.record)
    if order.record.uuid != known?.uuid { active = try queue.tasks(named: prefix) }
    let levels = try order.job.openOutput().details.plan.levels
    let plan = try SlurmPlan(
      levels: levels, tasks: try taskCount(order, levels, request, active, prefix), active: active, prefix: prefix
    ) { layout, count in
      try MissingShares.of(
        layout, count: count, costs: try order.store.costs(level: layout.level), job: record.id, record: store)
    }
    try queue.cancelWaiting(plan.replaced)
    report.activeTasks = plan.kept.count
    report.activeIDs = plan.keptIDs
    if plan.levels.isEmpty && plan.kept.isEmpty { return report }
    report.submitted = try submit(plan, setting, isEndWaiting: active.contains { $0.index == nil && !$0.isRunning && !$0.isStuck })
    return report
  }

  /// The scripts as they would be submitted, as one script for a shell; nothing is written anywhere.
  public func dryRun(_ selector: String?, _ request: Request) throws -> String {
    let record = try store.job(selector)
    guard record.state != .complete else { return "# job \(record.id) is complete: there is nothing to submit\n" }
    let levels = try record.openOutput().details.plan.levels
    let output = record.description.outputPath
    let open = try store.openOrder(of: record.id)
    let path = open?.path ?? "\(WorkOrder.folder(ofOutput: output))/order-1"
    guard let tasks = request.tasks ?? open.flatMap({ earlierTaskCount($0.path) }) else { throw Self.noTaskCount }
    var text = "#!/bin/sh\n# job \(record.id), \(output)\n"
    let setting = SlurmScript.Setting(
      program: request.program, order: path, orderUUID: open?.uuid ?? "neworder", job: record.id, database: store.path,
      workers: request.workers, memory: request.memory, atOnce: request.atOnce, time: request.time,
      options: request.options)
    if open == nil { text += "# the order is made first, as by: blockfuse order \(record.id)\n" }
    let largest = (try? queue.largestIndex()) ?? 1000
    let order = try open.map { try WorkOrder(path: $0.path) }
    var before: [String] = []
    for layout in levels {
      let count = MissingShares.shareCount(layout, tasks: tasks)
      let indices = try order.map {
        try MissingShares.of(layout, count: count, costs: try $0.store.costs(level: layout.level), job: record.id, record: store)
      } ?? IndexSet(0..<count)
      if indices.isEmpty { continue }
      text += "\n# level \(layout.level): \(indices.count) of \(count) tasks\n"
      let level = SlurmPlan.Level(level: layout.level, shareCount: count, missing: indices)
      var own: [String] = []
      for array in level.arrays(largestIndex: largest) {
        let variable = "level_\(layout.level)_\(array.offset)"
        text += inShell(SlurmScript(array, after: before, setting), variable: variable)
        own.append("$" + variable)
      }
      before += own
    }
    text += "\n# the end\n" + inShell(SlurmScript(endAfter: before, setting), variable: "the_end")
    return text
  }

  /// Cancels all that was submitted for the job's open order. Returns the ids.
  public func cancel(_ selector: String?) throws -> [String] {
    guard let order = try store.openOrder(of: store.job(selector).id) else { return [] }
    return try cancelAll(order)
  }

  @discardableResult
  private func cancelAll(_ order: OrderRecord) throws -> [String] {
    let tasks = try queue.tasks(named: SlurmScript.namePrefix(order))
    let ids = unique(tasks.map(\.id))
    try queue.cancel(ids)
    return ids
  }

  // MARK: the order

  /// The open order, unless there is something that it cannot know.
  private func usableOrder(_ record: JobRecord, note: (String) -> Void) throws -> OrderRecord? {
    guard let order = try store.openOrder(of: record.id), WorkOrder.withdrawal(order.path) == nil,
      FileStatus.exists("\(order.path)/\(WorkOrder.fileName)")
    else { return nil }
    // blocks that only the database knows would be missing to the tasks of the levels above
    let isOutdated = try store.runs(of: record.id).contains { $0.worker.startedAt > order.madeAt }
    if isOutdated {
      note("`run` has worked on the job since the order \(order.path) was made: there will be a new one")
      return nil
    }
    return order
  }

  private static let noTaskCount = JobError.invalid(
    what: "into how many tasks is the job to be cut?", hint: "give --tasks, such as --tasks 100")

  /// How the tasks that ran so far had cut level 0.
  private func earlierTaskCount(_ path: String) -> Int? { (try? WorkOrder.shareCounts(path, level: 0))?.last }

  private func taskCount(
    _ order: WorkOrder, _ levels: [LevelLayout], _ request: Request, _ active: [SlurmQueue.Task], _ prefix: String
  ) throws -> Int {
    let places = active.compactMap { SlurmScript.place(ofName: $0.name, prefix: prefix) }
    let now = places.map(\.shareCount).max()
    guard let tasks = request.tasks ?? now ?? earlierTaskCount(order.path) else { throw Self.noTaskCount }
    for place in places where levels.indices.contains(place.level) {
      guard place.shareCount == MissingShares.shareCount(levels[place.level], tasks: tasks) else {
        throw JobError.invalid(
          what: "tasks of \(place.shareCount) on level \(place.level) of job \(order.job.id) still run or wait",
          hint: "leave out --tasks to keep that number; or wait, or `blockfuse slurm \(order.job.id) --cancel`, and submit again")
      }
    }
    return tasks
  }

  private func setting(_ order: WorkOrder, _ request: Request) -> SlurmScript.Setting {
    SlurmScript.Setting(
      program: request.program, order: order.path, orderUUID: order.record.uuid, job: order.job.id, database: store.path,
      workers: request.workers, memory: request.memory, atOnce: request.atOnce, time: request.time,
      options: request.options)
  }

  // MARK: submitting

  private func submit(_ plan: SlurmPlan, _ setting: SlurmScript.Setting, isEndWaiting: Bool) throws -> [Submitted] {
    if plan.levels.isEmpty && isEndWaiting { return [] }
    let largest = try queue.largestIndex()
    var submitted: [Submitted] = []
    do {
      // all that is below a level is waited for
      var before: [String] = []
      for layout in plan.allLevels {
        let level = layout.level
        var ids: [String] = plan.keptIDs(level: level)
        if let missing = plan.levels.first(where: { $0.level == level }) {
          try makeFolder("\(setting.order)/slurm/level-\(level)")
          for array in missing.arrays(largestIndex: largest) {
            let script = SlurmScript(array, after: before, setting)
            let id = try queue.submit(script.arguments, script: script.text)
            submitted.append(
              Submitted(
                id: id, level: level, tasks: array.indices.count,
                indices: SlurmScript.list(IndexSet(array.indices.map { $0 + array.offset })), after: before))
            ids.append(id)
          }
        }
        before += ids
      }
      try makeFolder("\(setting.order)/slurm")
      let end = SlurmScript(endAfter: before, setting)
      submitted.append(
        Submitted(id: try queue.submit(end.arguments, script: end.text), level: nil, tasks: 1, indices: "", after: before))
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
      throw .output("cannot make the folder \(path): \(error.localizedDescription)", hint: "check its permissions")
    }
  }

  private func inShell(_ script: SlurmScript, variable: String) -> String {
    // ids of jobs that are not there yet are variables
    let words = script.arguments.map { word in
      word.hasPrefix("--dependency=") ? "\"\(word)\"" : quoted(word)
    }
    return "\(variable)=$(sbatch \(words.joined(separator: " ")) <<'END'\n\(script.text)END\n)\n"
  }
}

func unique(_ ids: [String]) -> [String] {
  var seen: Set<String> = []
  return ids.filter { seen.insert($0).inserted }
}
