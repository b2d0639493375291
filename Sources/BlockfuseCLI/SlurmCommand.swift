import ArgumentParser
import Diagnostics
import Foundation
import JSON
import JobStore
import Jobs
import Slurm
import Zarr

struct SlurmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slurm",
    abstract: "Submits a job to Slurm: an array of tasks for each level, each after those below, and the end that collects.",
    discussion: """
      Run it on a host that submits to Slurm and has the job database. After a failure, or whenever you like, run it again:
      only what is missing is submitted, and what runs or waits already is left there. The first word without a dash is the
      job. Options that are not listed here are passed on to sbatch; write their values after an equals sign, or all of them
      after two dashes.

      Example: blockfuse slurm 3 --tasks 100 --partition main --time=12:00:00 --cpus-per-task=8 --mem=16G

      Each task gets TERM two minutes before its time is over (--signal=B:TERM@120; later where --time is short), stops cleanly, and goes on where it was
      when it is submitted again. The last job, `collect`, writes the job database where that is on its host; else run
      `blockfuse collect` here.

      Exit status: 0 submitted, or nothing is missing; 3 nothing is left but failed blocks; 4 something changed since
      submit; 10 no such job; 64 a wrong command line, or Slurm refused it.
      """)

  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp(
      "A job's number or name, by default the newest, and options that are passed on to sbatch.",
      valueName: "job-and-sbatch-options"),
    completion: .jobs)
  var words: [String] = []
  @Option(help: ArgumentHelp("Shares of level 0; smaller levels have fewer. Default: as before.", valueName: "n"))
  var tasks: Int?
  @Option(help: ArgumentHelp("Tasks of a level that may run at the same time. Default: no limit.", valueName: "n"))
  var atOnce: Int?
  @OptionGroup(title: "Slurm") var slurm: SlurmOptions
  @Option(help: ArgumentHelp("Worker threads of a task. Default: one for each CPU that Slurm gives it.", valueName: "n"))
  var workers: Int?
  @Option(help: ArgumentHelp("What a task may use, such as 4GiB. Default: most of what Slurm gives it, else 2GiB.", valueName: "size"))
  var memory: String?
  @Option(help: ArgumentHelp("This program as the nodes see it. Default: where it is here.", valueName: "file"), transform: localPath)
  var program: String?
  @Flag(help: "Print a script that does the same; submit nothing.") var dryRun = false
  @Flag(help: "Cancel what was submitted for the job, whether it runs or waits.") var cancel = false
  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func validate() throws {
    if let tasks, tasks < 1 || tasks > 1_000_000 { throw ValidationError("--tasks must be from 1 to 1,000,000") }
    if let atOnce, atOnce < 1 { throw ValidationError("--at-once must be at least 1") }
    try ResourceOptions.check(workers: workers)
    try ResourceOptions.check(memory: memory)
    if let name = SlurmWords(words).forbidden { throw ValidationError("\(name) cannot be passed on to sbatch: it is set here") }
  }

  func run() throws {
    try reportingErrors {
      let words = SlurmWords(words)
      let request = SlurmJobs.Request(
        tasks: tasks, workers: workers, memory: memory, atOnce: atOnce,
        program: program ?? Self.thisProgram, time: slurm.time, options: slurm.arguments + words.passed)
      if dryRun {
        let text = try SlurmJobs(store: try database.readOnly(), registry: CommandSetup.registry).dryRun(
          words.job, request, here: Self.thisProgram)
        Terminal.result(text.trimmingCharacters(in: .newlines))
        return
      }
      let store = try database.existing()
      let id = try store.job(words.job).id
      let jobs = SlurmJobs(store: store, registry: CommandSetup.registry)
      if cancel {
        let ids = try jobs.cancel(String(id))
        if json {
          Terminal.result(JSONValue.object(["job": JSONValue(id), "cancelled": JSONValue(ids)]).text)
        } else {
          Terminal.news(ids.isEmpty ? "nothing of job \(id) runs or waits" : "cancelled \(ids.joined(separator: " "))")
        }
        return
      }
      let report = try jobs.submit(String(id), request, note: { Terminal.message("note: \($0)") })
      show(report, id)
      if report.failedBlocks > 0, report.submitted.isEmpty, report.activeTasks == 0 {
        throw ExitStatus.someFailed
      }
    }
  }

  private func show(_ report: SlurmJobs.Submission, _ id: JobID) {
    if json {
      Terminal.result(
        JSONValue.object([
          "job": JSONValue(id), "state": .string(report.state.rawValue), "order": JSONValue(report.order),
          "new_order": .bool(report.isNewOrder), "submitted": .array(report.submitted.map(submitted)),
          "active_tasks": JSONValue(report.activeTasks), "active_ids": JSONValue(report.activeIDs),
          "failed_blocks": JSONValue(report.failedBlocks),
        ]).text)
    } else {
      for job in report.submitted {
        let after = job.after.isEmpty ? "" : ", after \(job.after.joined(separator: " "))"
        let what = job.level.map { "level \($0): \(job.tasks.grouped) tasks (\(job.indices))" } ?? "collect"
        Terminal.result("\(job.id)  \(what)\(after)")
      }
    }
    if report.activeTasks > 0 {
      Terminal.news(
        "\(report.activeTasks.grouped) tasks run or wait already, of \(report.activeIDs.joined(separator: " "))")
    }
    if report.state == .complete {
      Terminal.news("job \(id) is complete: there is nothing to submit")
    } else if report.failedBlocks > 0 {
      Terminal.message(
        "\(report.failedBlocks.grouped) blocks failed and are not submitted again: `blockfuse blocks \(id) --state failed` "
          + "says why, `blockfuse retry \(id)` sets them to pending")
    } else if report.submitted.isEmpty {
      Terminal.news("nothing more is missing of job \(id)")
    }
    if !report.submitted.isEmpty {
      Terminal.news(
        "`blockfuse collect \(id) && blockfuse status \(id)` says how it is getting on; output of tasks is in \(report.order ?? "")/slurm")
    }
  }

  private func submitted(_ job: SlurmJobs.Submitted) -> JSONValue {
    .object([
      "id": .string(job.id), "level": JSONValue(job.level), "tasks": JSONValue(job.tasks),
      "indices": .string(job.indices), "after": JSONValue(job.after),
    ])
  }

  private static var thisProgram: String {
    Bundle.main.executablePath ?? CommandLine.arguments[0]
  }
}
