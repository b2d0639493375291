import Diagnostics
import Engine
import Foundation
import Fusion
import Geometry
import JobStore
import Orders
import Output
import Planning
import Threads
import Zarr

/// One task of a work order: does its share, level by level or of one level only, then helps others.
package struct TaskRunner {
  package struct Outcome: Sendable {
    package let ending: LevelRunner.Ending
    package let reading: RunMeter.Reading
    /// Blocks of the task's share that failed, or rest on such.
    package let failed: Int
    /// Blocks of the share that rest on blocks that nobody has done yet.
    package let waiting: Int
  }

  private let path: String
  private let registry: FusionRegistry
  private let settings: LevelRunner.Settings

  package init(order path: String, registry: FusionRegistry, settings: LevelRunner.Settings) {
    (self.path, self.registry, self.settings) = (path, registry, settings)
  }

  /// - Parameters:
  ///   - index: from 0.
  ///   - level: the only one to be worked on; nil: all, as far as they come.
  ///   - note: told what is worth a word.
  package func run(
    index: Int, count: Int, level: Int?, stopFlag: StopFlag, note: @escaping @Sendable (String) -> Void,
    observe: @escaping @Sendable (RunMeter.Reading) -> Void
  ) throws -> Outcome {
    do {
      return try runToEnd(index: index, count: count, level: level, stopFlag: stopFlag, note: note, observe: observe)
    } catch let failure as any Failure where failure.isTransient && !(failure is JobStoreError) {
      // the scheduler, or whoever it is, may start the task again
      throw JobError.unanswered(failure.description, byTask: true)
    }
  }

  private func runToEnd(
    index: Int, count: Int, level: Int?, stopFlag: StopFlag, note: @escaping @Sendable (String) -> Void,
    observe: @escaping @Sendable (RunMeter.Reading) -> Void
  ) throws -> Outcome {
    guard count > 0, count <= 1_000_000, (0..<count).contains(index) else {
      throw JobError.invalid(what: "task \(index) of \(count)", hint: "tasks are numbered from 0 to \(max(0, count - 1))")
    }
    let patience = Patience(limitSeconds: settings.patienceSeconds, say: note)
    let order = try patience.beginning(stopFlag) { try WorkOrder(path: path) }
    if let why = WorkOrder.withdrawal(order.path) {
      throw JobError.changed(
        job: order.job.title, differences: [why], advice: WorkOrder.advice(afterWithdrawal: order.job.id))
    }
    let differences = Program.differences(from: order.job.description)
    if !differences.isEmpty { throw JobError.changed(job: order.job.title, differences: differences, advice: Program.advice) }
    let mark = "-" + String(UInt64.random(in: 0...UInt64.max), radix: 16)
    let job = try patience.beginning(stopFlag) {
      try Retry.standard.transient { try LoadedJob(order.job, mark: mark).holdingOutput() }
    }
    let problems = try patience.beginning(stopFlag) { try Retry.standard.transient { try job.output.metadataProblems() } }
    if !problems.isEmpty {
      throw JobError.changed(
        job: order.job.title, differences: problems, advice: "`blockfuse verify \(order.job.id) --repair` writes them again")
    }
    let hold = try patience.beginning(stopFlag) {
      try OutputHold.take(job.output, of: order.store.identity(), database: nil, for: .task, note: note)
    }
    defer { withExtendedLifetime(hold) {} }
    let levels = job.plan.levels
    if let level, !levels.indices.contains(level) {
      throw JobError.invalid(what: "the job has no level \(level)", hint: "it has levels 0 to \(levels.count - 1)")
    }
    let ledger = OrderLedger(
      order: order, task: OrderLedger.Task(index: index, count: count), layouts: levels, level: level,
      temporaryTag: job.output.temporaryTag, title: job.title)
    if let level {
      let missing = try ledger.missingBelow(level: level)
      if missing.pending > 0 {
        throw JobError.notYet(
          level: level, missing: missing.pending, first: missing.first.map { "\($0.array)" } ?? "")
      }
    }
    var settings = settings
    settings.levels = level.map { $0..<$0 + 1 }
    settings.seesLate = true
    do {
      let views = try job.views(in: order.store)
      try LevelRunner.checkMemory(of: job, views, registry, settings)
      ledger.watch(views.watched)
      let runner = try LevelRunner(
        job: job, views: views, ledger: ledger, registry: registry, settings: settings, stopFlag: stopFlag, note: note)
      runner.memory.note.map(note)
      let meter = runner.meter
      let watcher = try Watcher(everySeconds: 0.1) { observe(meter.read()) }
      defer { watcher.stop() }
      let ending = try runner.run()
      try job.output.checkPlace(by: job.title)
      let (failed, waiting) = try left(levels: settings.levels ?? 0..<levels.count, ledger)
      try ledger.close(outcome: "\(ending)")
      return Outcome(ending: ending, reading: meter.read(), failed: failed, waiting: waiting)
    } catch {
      // where this cannot be written either, others see that the log stands still
      try? ledger.close(outcome: "error: \(errorWords(error))")
      try job.output.checkPlace(by: job.title)
      throw error
    }
  }

  private func left(levels: Range<Int>, _ ledger: OrderLedger) throws -> (failed: Int, waiting: Int) {
    var (failed, waiting) = (0, 0)
    for level in levels {
      let counts = try ledger.counts(level: level)
      failed += counts.failed
      guard counts.pending > 0 else { continue }
      let missing = try ledger.missingBelow(level: level)
      // the others are in the hands of other processes
      let blocked = missing.pending == 0 ? missing.blocked : 0
      failed += blocked
      waiting += counts.pending - blocked
    }
    return (failed, waiting)
  }
}
