import ArgumentParser
import Diagnostics
import Foundation
import JobStore
import Jobs
import Threads

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Does what is not done yet: level 0, then the pyramid.",
    discussion: """
      The same line after any interruption goes on where it stopped.

      Example: blockfuse run 3 --workers 8 --memory 16GiB

      Exit status: 0 done, or --limit reached; 3 some blocks failed; 4 something changed since submit; 10 no such job; \
      11 another process runs it; 12 a block that was done is damaged; 130 or 143 stopped by a signal.
      """)

  @OptionGroup var job: JobArgument
  @OptionGroup var arguments: RunArguments
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.install()
      try runJob(job.job, arguments, store: try database.existing())
    }
  }
}

struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Runs every job of the database that was interrupted.",
    discussion: """
      A job whose output was replaced by that of a later one is left alone.

      Example: blockfuse resume --db /data/jobs.sqlite
      """)

  @OptionGroup var arguments: RunArguments
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.install()
      let store = try database.existing()
      let all = try store.jobs()
      let jobs = all.filter { $0.state == .interrupted }.sorted { $0.id < $1.id }
      if jobs.isEmpty { Terminal.news("no job was interrupted") }
      var worst: ExitCode?
      for job in jobs {
        // that was asked for, and there is nothing left that it could go on with
        if let later = all.first(where: { $0.replacesOutput(of: job) }), job.outputProblem != nil {
          Terminal.message("note: job \(job.id) is left alone: its output was replaced by that of job \(later.id)")
          continue
        }
        do {
          try reportingErrors { try runJob(String(job.id), arguments, store: store) }
        } catch let code as ExitCode {
          if Signals.stopFlag.signal != nil { throw code }
          worst = worst ?? code
        }
      }
      if let worst { throw worst }
    }
  }
}

extension JobRecord {
  /// Whether this job was submitted after another, with the same place for its output.
  fileprivate func replacesOutput(of job: JobRecord) -> Bool {
    id > job.id && description.outputPath == job.description.outputPath
  }
}

struct FuseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuse",
    abstract: "Submits and runs in one.",
    discussion: "Example: blockfuse fuse dataset.json --output fused.ome.zarr --workers 8")

  @OptionGroup var request: SubmitArguments
  @OptionGroup var arguments: RunArguments
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.endAtOnce()
      let request = try request.resolve()
      let (job, store) = try submit(request, database) { Terminal.news("job \($0.id) in \(database.resolvedPath)") }
      // what submit has just said is not said again
      try runJob(String(job.id), arguments, store: store, isNew: true)
    }
  }
}

struct RunArguments: ParsableArguments {
  @OptionGroup(title: "Resources") var resources: ResourceOptions

  @Option(help: ArgumentHelp("Stop after so many blocks; the job is then interrupted.", valueName: "blocks"))
  var limit: Int?

  @Flag(help: "Share the job with a process that runs it already.")
  var join = false

  @OptionGroup var quiet: QuietFlag

  @Flag(help: "Print progress, and then the end, as a JSON object a line.")
  var json = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }
}

/// Runs one job with progress; ends with the exit status that fits.
func runJob(_ selector: String?, _ arguments: RunArguments, store: JobStore, isNew: Bool = false) throws {
  let runner = RunJob(
    store: store, registry: CommandSetup.registry,
    settings: Runner.Settings(
      workers: arguments.resources.workerCount, memoryByteCount: arguments.resources.memoryByteCount,
      blockLimit: arguments.limit))
  let job = try store.job(selector)
  if !isNew, job.state != .complete {
    for note in job.jobDetails?.notes ?? [] { Terminal.message("note: \(note)") }
  }
  let progress = ProgressReporter(isJSON: arguments.json)
  let outcome: RunJob.Outcome
  do {
    outcome = try runner.run(
      String(job.id), join: arguments.join, command: CommandLine.arguments.joined(separator: " "),
      stopFlag: Signals.stopFlag, note: { Terminal.message("note: \($0)") }, observe: { progress.show($0) })
  } catch {
    Terminal.clearProgress()
    throw error
  }
  Terminal.clearProgress()
  if arguments.json { Terminal.result(ProgressReporter.json(outcome.reading, ending: outcome.ending).text) }
  let again = "`blockfuse run \(job.id)` goes on from here"
  switch outcome.ending {
  case .complete:
    Terminal.news("job \(job.id) is complete: \(job.description.outputPath)")
  case .leftToOthers:
    Terminal.news("job \(job.id): all blocks are done; another process that shares the job finishes it")
  case .reopened:
    Terminal.news("job \(job.id): what failed was set to pending while this run came to its end; \(again)")
  case .limitReached:
    Terminal.news("job \(job.id): stopped at the limit of \(arguments.limit ?? 0) blocks; \(again)")
  case .stopped(let signal):
    Terminal.news("job \(job.id): stopped by \(Signals.name(signal)); \(again)")
    throw ExitCode(128 + signal)
  case .someFailed:
    let failed = try store.levels(of: job.id).reduce(0) { $0 + $1.counts.failed }
    Terminal.message(
      "job \(job.id): finished, but \(failed) blocks failed; `blockfuse blocks \(job.id) --state failed` says why, "
        + "`blockfuse retry \(job.id)` sets them to pending")
    throw ExitCode(ExitStatus.someFailed.rawValue)
  }
}
