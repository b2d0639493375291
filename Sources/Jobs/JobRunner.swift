import Diagnostics
import Engine
import Files
import Foundation
import Fusion
import Geometry
import JobStore
import Orders
import Output
import Planning
import Store
import Threads
import Zarr

/// Runs a job of the database: checks that nothing changed, takes the job, works, and writes down how it ended.
package struct JobRunner {
  package struct Outcome: Sendable {
    package let ending: LevelRunner.Ending
    package let reading: RunMeter.Reading
  }

  private let store: JobStore
  private let registry: FusionRegistry
  private let settings: LevelRunner.Settings

  package init(store: JobStore, registry: FusionRegistry, settings: LevelRunner.Settings) {
    (self.store, self.registry, self.settings) = (store, registry, settings)
  }

  /// - Parameters:
  ///   - join: share the job with processes that run it already.
  ///   - note: told what is worth a word.
  ///   - observe: called about ten times a second with what was done so far.
  package func run(
    _ selector: String?, join: Bool = false, command: String, stopFlag: StopFlag,
    note: (String) -> Void, observe: @escaping @Sendable (RunMeter.Reading) -> Void
  ) throws -> Outcome {
    var record = try store.job(selector)
    if record.state == .creating {
      throw JobError.invalid(
        what: "job \(record.id) was never submitted to its end", hint: "submit it again")
    }
    let order = record.state == .complete ? nil : try store.openOrder(of: record.id)
    if let order {
      let collected = try Collector(store: store).collect(String(record.id), allowsGone: true)
      record = try store.job(record.id)
      note(
        collected.isOrderGone
          ? "the work order \(order.path) is not there any more: what its tasks did and nobody collected is done again"
          : "collected \(collected.settledBlocks) blocks of the work order \(order.path); its tasks, where there are any, go on beside this run"
      )
    }
    let opened = try LoadedJob(record)
    if record.state == .complete {
      // nothing is left that could be mixed: inputs may be gone for good
      if let foreign = opened.output.foreignness() { throw JobError.changed(job: opened.title, differences: [foreign]) }
      return Outcome(ending: .complete, reading: RunMeter(try store.levels(of: record.id).map { ($0.layout, $0.counts) }).read())
    }
    if !join, let holder = try store.holders(of: record.id).first {
      throw JobStoreError.alreadyRunning(job: record.id, holder: holder)
    }
    // before the job is taken: a run that is refused leaves the job's state alone
    let views = try opened.views(in: store)
    let findings = try ChangeCheck.findings(of: opened, views, registry: registry)
    findings.notes.forEach(note)
    guard findings.differences.isEmpty else {
      throw JobError.changed(job: opened.title, differences: findings.differences)
    }
    let job = try opened.holdingOutput()
    let hold = try OutputHold.take(job.output, of: store.identity(), database: store.path, for: .writing, note: note)
    defer { withExtendedLifetime(hold) {} }
    // what a submit that was killed at its very end had left to remove
    if let left = placement(ofOutput: job.output.path, uuid: record.description.uuid).removeAside() {
      note("\(Submitter.cannotRemove) \(left)")
    }
    let run = try store.beginRun(job: record.id, join: join, info: .current(command: command)) {
      // a submit may have replaced it since it was looked at
      if let foreign = job.output.foreignness() { throw JobError.changed(job: job.title, differences: [foreign]) }
    }
    let outcome: Outcome
    do {
      warnAboutSpace(job, note: note)
      let ledger = DatabaseLedger(store: store, job: record.id, run: run)
      let runner = try LevelRunner(job: job, views: views, ledger: ledger, registry: registry, settings: settings, stopFlag: stopFlag)
      runner.memory.note.map(note)
      let meter = runner.meter
      let watcher = try Watcher(everySeconds: 0.1) { observe(meter.read()) }
      defer { watcher.stop() }
      let heart = try Watcher(everySeconds: 2) { try? run.heartbeat(meter.read().progress) }
      defer { heart.stop() }
      var ending = try runner.run()
      heart.stop()
      watcher.stop()
      for level in try store.levels(of: record.id) { meter.found(level: level.layout.level, level.counts) }
      let reading = meter.read()
      observe(reading)
      if ending != .leftToOthers {
        let state = try run.end(ending.outcome, progress: reading.progress)
        // the last moment for a `retry` is the one before the end is recorded
        if ending == .someFailed, state == .interrupted { ending = .reopened }
      }
      if ending == .complete, let order {
        try WorkOrder.withdraw(order.path)
        try store.closeOrder(order.id)
      }
      outcome = Outcome(ending: ending, reading: reading)
    } catch {
      // where this cannot be written either, the run counts as dead as soon as the process ends
      _ = try? run.end(.error(message: "\(error)"))
      try job.output.checkPlace(by: job.title)
      guard WorkFailure(error).isDiskFull else { throw error }
      throw fullDisk(error, job)
    }
    try job.output.checkPlace(by: job.title)
    return outcome
  }

  /// With how much is needed. The disk may be that of the output or that of the database, which needs far less.
  private func fullDisk(_ error: any Error, _ job: LoadedJob) -> any Error {
    if case JobStoreError.diskFull = error, FileStatus.device(of: store.path) != FileStatus.device(of: job.output.path) {
      return error
    }
    let path: String =
      switch error {
      case JobError.diskFull(let path, _), ZarrError.storage(.io(_, let path, _)), StorageError.io(_, let path, _): path
      case JobStoreError.diskFull(let path): path
      default: job.output.path
      }
    return JobError.diskFull(path: path, neededByteCount: pendingByteCount(job))
  }

  /// The bytes of the blocks that are not done, before compression; nil if the database cannot say.
  private func pendingByteCount(_ job: LoadedJob) -> Int? {
    (try? store.levels(of: job.record.id))?
      .reduce(0) { $0 + ($1.counts.total - $1.counts.settled) * $1.layout.grid.block.product * job.plan.outputType.byteCount }
  }

  /// Little free space is a warning, never a refusal: compression decides what is needed.
  private func warnAboutSpace(_ job: LoadedJob, note: (String) -> Void) {
    guard let path = job.output.place.filePath, let free = FileStatus.freeByteCount(at: path), let left = pendingByteCount(job) else {
      return
    }
    if left > free {
      note(
        "the disk of \(job.output.path) has \(byteText(free)) free; what is left to do is up to \(byteText(left)) before compression")
    }
  }
}

extension LevelRunner.Ending {
  fileprivate var outcome: RunOutcome {
    switch self {
    case .complete, .someFailed, .reopened, .leftToOthers: .finished
    case .limitReached, .stopped: .interrupted
    }
  }
}
