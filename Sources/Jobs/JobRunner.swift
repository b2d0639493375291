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
import Views
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
  ///   - acceptsTimes: views of which nothing but times differs from their record are taken as they are now.
  ///   - note: told what is worth a word.
  ///   - observe: called about ten times a second with what was done so far.
  package func run(
    _ selector: String?, join: Bool = false, acceptsTimes: Bool = false, command: String, stopFlag: StopFlag,
    note: @escaping @Sendable (String) -> Void, observe: @escaping @Sendable (RunMeter.Reading) -> Void
  ) throws -> Outcome {
    let selected = try store.job(selector)
    let begun: Begun
    do {
      guard let taken = try begin(selected, join: join, acceptsTimes: acceptsTimes, command: command, stopFlag, note) else {
        return try nothingLeft(of: LoadedJob(selected))
      }
      begun = taken
    } catch {
      noteRefusal(of: selected.id, error)
      throw error
    }
    let (job, views, run) = (begun.job, begun.views, begun.run)
    defer { withExtendedLifetime(begun.hold) {} }
    let outcome: Outcome
    do {
      outcome = try work(on: job, views, as: run, stopFlag: stopFlag, note: note, observe: observe)
      if outcome.ending == .complete, let order = begun.order { try close(order) }
    } catch {
      let error = changedInputs(error, job, views, run, note: note)
      // where this cannot be written either, the run counts as dead as soon as the process ends
      _ = try? run.end(.error(message: errorWords(error)), exitStatus: Self.exitStatus(of: error))
      try job.output.checkPlace(by: job.title)
      guard WorkFailure(error).isDiskFull else { throw error }
      throw fullDisk(error, job)
    }
    try job.output.checkPlace(by: job.title)
    return outcome
  }

  // MARK: before the job is taken

  /// A job that is taken, with what it was taken with.
  private struct Begun {
    let job: LoadedJob
    let views: LoadedViews
    let order: OrderRecord?
    let hold: OutputHold
    let run: Run
  }

  /// Checks that nothing changed, and takes the job; nil for one that is complete.
  private func begin(
    _ selected: JobRecord, join: Bool, acceptsTimes: Bool, command: String, _ stopFlag: StopFlag,
    _ note: @escaping @Sendable (String) -> Void
  ) throws -> Begun? {
    let patience = Patience(limitSeconds: settings.patienceSeconds, say: note)
    let opened: LoadedJob
    let order: OrderRecord?
    if selected.state == .complete {
      guard acceptsTimes else { return nil }
      (opened, order) = (try LoadedJob(selected), nil)
    } else {
      let collected = try collect(selected, note: note)
      (opened, order) = (try LoadedJob(collected.record), collected.order)
      if opened.record.state == .complete { return nil }
    }
    if !join { try refuseIfRunning(opened) }
    // before the job is taken: a run that is refused leaves the job's state alone
    let views = try patience.beginning(stopFlag) { try unchangedViews(of: opened, acceptsTimes: acceptsTimes, note: note) }
    if selected.state == .complete, try store.job(selected.id).state == .complete { return nil }
    try LevelRunner.checkMemory(of: opened, views, registry, settings)
    let job = try patience.beginning(stopFlag) { try Retry.standard.transient { try opened.holdingOutput() } }
    let hold = try patience.beginning(stopFlag) { try self.hold(job, note: note) }
    removeReplacedOutput(job, note: note)
    let run = try patience.beginning(stopFlag) { try take(job, join: join, command: command) }
    return Begun(job: job, views: views, order: order, hold: hold, run: run)
  }

  /// Whoever watches the job learns how this ended. That another process runs the job is no end of it; and where a database
  /// takes no more, the error itself is what is to be told.
  private func noteRefusal(of job: JobID, _ error: any Error) {
    let status = Self.exitStatus(of: error)
    if status != .alreadyRunning { try? store.noteRefusal(of: job, exitStatus: status, message: errorWords(error)) }
  }

  private static func exitStatus(of error: any Error) -> ExitStatus { (error as? any Failure)?.exitStatus ?? .unexpected }

  private func refuseIfRunning(_ job: LoadedJob) throws {
    if let holder = try store.holders(of: job.record.id).first {
      throw JobStoreError.alreadyRunning(job: job.record.id, holder: holder)
    }
  }

  private func hold(_ job: LoadedJob, note: (String) -> Void) throws -> OutputHold {
    do {
      return try Retry.standard.transient {
        try OutputHold.take(job.output, of: store.identity(), database: store.path, for: .writing, note: note)
      }
    } catch {
      guard WorkFailure(error).isDiskFull else { throw error }
      throw fullDisk(error, job)
    }
  }

  /// The job with all that tasks of its open work order have done so far, and that order.
  private func collect(_ record: JobRecord, note: (String) -> Void) throws -> (record: JobRecord, order: OrderRecord?) {
    if record.state == .creating {
      throw JobError.invalid(what: "job \(record.id) was never submitted to its end", hint: "submit it again")
    }
    guard let order = try store.openOrder(of: record.id) else { return (record, nil) }
    let collected = try Collector(store: store).collect(String(record.id), allowsGone: true)
    note(
      collected.isOrderGone
        ? "the work order \(order.path) is not there any more: what its tasks did and nobody collected is done again"
        : "collected \(counted(collected.settledBlocks, "block")) of the work order \(order.path); its tasks, where there are any, go on beside this run"
    )
    return (try store.job(record.id), order)
  }

  /// The outcome for a job that is complete already. Nothing is left that could be mixed: inputs may be gone for good.
  private func nothingLeft(of job: LoadedJob) throws -> Outcome {
    try refuseForeign(job)
    let levels = try store.levels(of: job.record.id).map { ($0.layout, $0.counts) }
    return Outcome(ending: .complete, reading: RunMeter(levels).read())
  }

  /// The views of the job; refuses them if anything differs from when it was submitted.
  private func unchangedViews(of job: LoadedJob, acceptsTimes: Bool, note: (String) -> Void) throws -> LoadedViews {
    if acceptsTimes { try Retry.standard.transient { try TimeAcceptor(store: store, registry: registry).accept(job, note: note) } }
    let views = try job.views(in: store)
    let findings = try Retry.standard.transient { try ChangeCheck.findings(of: job, views, registry: registry, notedIn: store) }
    if findings.blocksSetBack > 0 { try WorkOrder.close(of: job.record.id, in: store) }
    findings.notes.forEach(note)
    if let error = findings.error(of: job) { throw error }
    return views
  }

  /// Removes what a submit that was killed at its very end had left of the output that it replaced.
  private func removeReplacedOutput(_ job: LoadedJob, note: (String) -> Void) {
    if let left = placement(ofOutput: job.output.path, uuid: job.record.description.uuid).removeAside() {
      note("\(Submitter.cannotRemove) \(left)")
    }
  }

  private func take(_ job: LoadedJob, join: Bool, command: String) throws -> Run {
    try store.beginRun(job: job.record.id, join: join, info: .current(command: command)) {
      // a submit may have replaced it since it was looked at
      try refuseForeign(job)
    }
  }

  private func refuseForeign(_ job: LoadedJob) throws {
    let foreign = try Retry.standard.transient { try job.output.foreignness() }
    if let foreign { throw job.error(foreignOutput: foreign) }
  }

  // MARK: the work

  /// Does the blocks, and records how the run ended.
  private func work(
    on job: LoadedJob, _ views: LoadedViews, as run: Run, stopFlag: StopFlag, note: @escaping @Sendable (String) -> Void,
    observe: @escaping @Sendable (RunMeter.Reading) -> Void
  ) throws -> Outcome {
    warnAboutSpace(job, note: note)
    let checks = ViewChecks(views.watched, run: run, store: store, title: job.title)
    let ledger = DatabaseLedger(store: store, job: job.record.id, run: run, views: checks, title: job.title)
    let runner = try LevelRunner(
      job: job, views: views, ledger: ledger, registry: registry, settings: settings, stopFlag: stopFlag, note: note)
    runner.memory.note.map(note)
    let checker = try Watcher(everySeconds: checks.everySeconds) { checks.checkWhenDue() }
    defer { checker.stop() }
    var ending = try watching(runner, ledger, as: run, note: note, observe: observe)
    let meter = runner.meter
    for level in try store.levels(of: job.record.id) { meter.found(level: level.layout.level, level.counts) }
    let reading = meter.read()
    observe(reading)
    if ending != .leftToOthers {
      let state = try run.end(ending.outcome, progress: reading.progress, exitStatus: ending.exitStatus)
      // the last moment for a `retry` is the one before the end is recorded
      if ending == .someFailed, state == .interrupted { ending = .reopened }
    }
    return Outcome(ending: ending, reading: reading)
  }

  /// Runs the levels, and meanwhile tells the observer and the database how far they are, and whoever looks what holds them up.
  private func watching(
    _ runner: LevelRunner, _ ledger: DatabaseLedger, as run: Run, note: @escaping @Sendable (String) -> Void,
    observe: @escaping @Sendable (RunMeter.Reading) -> Void
  ) throws -> LevelRunner.Ending {
    let meter = runner.meter
    let watcher = try Watcher(everySeconds: 0.1) { observe(meter.read()) }
    defer { watcher.stop() }
    let logWatch = Monitor(LogWatch())
    let heart = try Watcher(everySeconds: 2) { [store] in
      try? run.heartbeat(meter.read().progress)
      let log = store.log
      logWatch.update { $0.note(path: log.path, byteCount: log.byteCount) }.map(note)
      ledger.othersNote().map(note)
    }
    defer { heart.stop() }
    return try runner.run()
  }

  // MARK: the end

  /// Where a run was ended by an input that changed, what it recorded of it since the last good check becomes pending before
  /// the run ends. Where that cannot be written, the next run finds it.
  private func changedInputs(
    _ error: any Error, _ job: LoadedJob, _ views: LoadedViews, _ run: Run, note: (String) -> Void
  ) -> any Error {
    if case JobStoreError.viewsChanged(let what) = error { return JobError.changed(job: job.title, differences: [what]) }
    guard case JobError.changed(_, let differences, _) = error else { return error }
    do {
      let changed = try Retry.standard.transient { try views.watched.changed() }
      if changed.isEmpty { return error }
      let blocks = try TouchedBlocks(by: Set(changed.map(\.view)), of: views, plan: job.plan, registry: registry)
      let count = try blocks.setBack(job.record.id, in: store, because: differences.first ?? "", own: run.id)
      if count > 0 { try WorkOrder.close(of: job.record.id, in: store) }
      TouchedBlocks.note(count).map(note)
      let advice = ChangeAdvice.text(for: views.watched.described(changed), job: job.record.id)
      return JobError.changed(job: job.title, differences: differences, advice: advice)
    } catch {
      note(
        "what was made of changed views could not be set to pending: \(errorWords(error)). `blockfuse run` does it; run it once more before you restore them"
      )
    }
    return error
  }

  /// Takes the work order back: its job is complete.
  private func close(_ order: OrderRecord) throws {
    try WorkOrder.withdraw(order.path)
    try store.closeOrder(order.id)
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
  /// What the run's process ends with.
  fileprivate var exitStatus: ExitStatus {
    switch self {
    case .someFailed: .someFailed
    case .stopped(let signal): .stopped(signal: signal)
    case .complete, .reopened, .limitReached, .leftToOthers: .done
    }
  }

  fileprivate var outcome: RunOutcome {
    switch self {
    case .complete, .someFailed, .reopened, .leftToOthers: .finished
    case .limitReached, .stopped: .interrupted
    }
  }
}
