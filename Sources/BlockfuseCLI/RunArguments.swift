import ArgumentParser
import Diagnostics
import Engine
import Foundation
import JSON
import JobStore
import Jobs
import Output
import Planning
import Threads

/// What `run`, `resume` and `fuse` take, and what they do with one job.
struct RunArguments: ParsableArguments {
  @OptionGroup(title: "Resources") var resources: ResourceOptions

  @Option(help: ArgumentHelp("Stop after this number of blocks; the same line continues.", valueName: "blocks"))
  var limit: Int?

  @Flag(help: "Share the job with processes that already run it.")
  var join = false

  @OptionGroup var quiet: QuietFlag

  @Flag(help: "Print progress, then the result, as one JSON object per line.")
  var json = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  /// Runs one job with progress; ends with the exit status that fits.
  ///
  /// - Parameters:
  ///   - isNew: whether it was submitted just now, with its notes.
  ///   - acceptsTimes: whether images of another time are taken for the same.
  func run(job selector: String?, in store: JobStore, isNew: Bool = false, acceptsTimes: Bool = false) throws {
    let chosen = resources.chosen
    var settings = LevelRunner.Settings(workers: chosen.workers, memoryByteCount: chosen.memoryByteCount, blockLimit: limit)
    settings.isMemoryAsked = resources.memory != nil
    let runner = JobRunner(store: store, registry: CommandSetup.registry, settings: settings)
    let job = try store.job(selector)
    if job.state != .complete { for note in chosen.notes { Terminal.message("note: \(note)") } }
    if !isNew, job.state != .complete {
      for note in (try? job.details())?.notes ?? [] { Terminal.message("note: \(note)") }
    }
    let progress = ProgressReporter(isJSON: json)
    let outcome: JobRunner.Outcome
    do {
      outcome = try runner.run(
        String(job.id), join: join, acceptsTimes: acceptsTimes, command: CommandLine.arguments.joined(separator: " "),
        stopFlag: Signals.stopFlag, note: { Terminal.message("note: \($0)") }, observe: { progress.show($0) })
    } catch {
      Terminal.clearProgress()
      throw error
    }
    Terminal.clearProgress()
    if json { Terminal.result(ProgressReporter.json(outcome.reading, ending: outcome.ending).text) }
    let summary = try RunSummary(job, outcome.reading, in: store)
    summary.work.map(Terminal.news)
    let again = "`blockfuse run \(job.id)` continues from here"
    switch outcome.ending {
    case .complete:
      summary.output.forEach(Terminal.news)
    case .leftToOthers:
      Terminal.news("job \(job.id): all blocks are done; another process that shares the job finishes it")
    case .reopened:
      Terminal.news("job \(job.id): what failed was set to pending while this run came to its end; \(again)")
    case .limitReached:
      Terminal.news("job \(job.id): stopped at the limit of \(counted(limit ?? 0, "block")); \(again)")
    case .stopped(let signal):
      Terminal.news("job \(job.id): stopped by \(Signals.name(signal)); \(again)")
      throw ExitStatus.stopped(signal: signal)
    case .someFailed:
      try tellFailures(of: job.id, in: store)
      throw ExitStatus.someFailed
    }
  }

  private static let groupsAtMost = 10

  /// Says which views and causes there are, and what to do about them.
  private func tellFailures(of job: JobID, in store: JobStore) throws {
    let failed = try store.levels(of: job).reduce(0) { $0 + $1.counts.failed }
    let groups = try FailureGroups(of: job, in: store)
    for line in groups.lines(atMost: Self.groupsAtMost) { Terminal.message(line) }
    if groups.all.count > Self.groupsAtMost {
      Terminal.message("and \((groups.all.count - Self.groupsAtMost).grouped) more, see `blockfuse status \(job)`")
    }
    Terminal.message(
      "job \(job): finished, but \(counted(failed, "block")) failed; "
        + "`blockfuse blocks \(job) --state failed` says why, `blockfuse retry \(job)` sets them to pending")
    if !groups.views.isEmpty {
      Terminal.message(
        "hint: for an image that was restored or replaced: \(ChangeAdvice.retry(groups.views, of: job)), then `blockfuse run \(job)`")
    }
  }
}
