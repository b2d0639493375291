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
    abstract: "Submit a job to Slurm: an array of tasks for each level, then one that collects.",
    discussion: """
      Run it on a host that submits to Slurm and has the job database. After a failure, or at any time, run it again: only \
      missing tasks are submitted; those that run or wait are left alone. The first word without a dash is the job. Options that \
      are not listed here are passed on to sbatch; write their values after an equals sign, or all of them after two dashes.

      Example: blockfuse slurm 3 --tasks 100 --time=12:00:00 --mem=16G

      Slurm tells each task to stop two minutes before its time is over (--signal=B:TERM@120; later if --time is short). It stops \
      cleanly, and continues where it stopped when it is submitted again. The last job, `collect`, writes the job database if that \
      is on its host; else run `blockfuse collect` here.

      Exit status: 0 submitted, or nothing is missing; 3 nothing is left but failed blocks; 4 something changed since submit; 10 no such job; 64 a wrong command line, or Slurm refused it.
      """)

  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp(
      "A job's number or name, by default the newest, and options that are passed on to sbatch.",
      valueName: "job-and-sbatch-options"),
    completion: .jobs)
  var words: [String] = []
  @Option(
    help: ArgumentHelp(
      "Number of tasks for level 0; smaller levels get fewer. Default: as before, else for tasks of about an hour.", valueName: "n")
  )
  var tasks: Int?
  @Option(help: ArgumentHelp("Tasks of a level that may run at the same time. Default: no limit.", valueName: "n"))
  var atOnce: Int?
  @OptionGroup(title: "Slurm") var slurm: SlurmOptions
  @Option(help: ArgumentHelp("Worker threads of a task. Default: one for each CPU that Slurm gives it.", valueName: "n"))
  var workers: Int?
  @Option(
    help: ArgumentHelp("Memory that a task may use, such as 4GiB. Default: 60 % of what Slurm gives it, else 2GiB.", valueName: "size"))
  var memory: String?
  @Option(help: ArgumentHelp("Path of this program on the nodes. Default: its path here.", valueName: "file"), transform: localPath)
  var program: String?
  @Flag(help: "Print a script that does the same; submit nothing.") var dryRun = false
  @Flag(help: "Cancel all tasks of the job, running or waiting.") var cancel = false
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
          "failed_blocks": JSONValue(report.failedBlocks), "tasks": JSONValue(report.tasks),
          "expected": report.expected.map {
            .object(["core_seconds": JSONValue(measured: $0.coreSeconds), "seconds": JSONValue(measured: $0.seconds)])
          } ?? .null,
        ]).text)
    } else {
      for job in report.submitted {
        let after = job.after.isEmpty ? "" : ", after \(job.after.joined(separator: " "))"
        let what = job.level.map { "level \($0): \(counted(job.tasks, "task")) (\(job.indices))" } ?? "collect"
        Terminal.result("\(job.id)  \(what)\(after)")
      }
    }
    if let expected = report.expected {
      if report.isProposed { Terminal.news("--tasks is not given: takes \(counted(report.tasks, "task"))") }
      Terminal.news(expected.text)
    }
    if report.activeTasks > 0 {
      Terminal.news(
        "\(counted(report.activeTasks, "task runs or waits", "tasks run or wait")) already, of \(report.activeIDs.joined(separator: " "))")
    }
    if report.state == .complete {
      Terminal.news("job \(id) is complete: there is nothing to submit")
    } else if report.failedBlocks > 0 {
      Terminal.message(
        "\(counted(report.failedBlocks, "block failed and is", "blocks failed and are")) not submitted again: `blockfuse blocks \(id) --state failed` "
          + "says why, `blockfuse retry \(id)` sets them to pending")
    } else if report.submitted.isEmpty {
      Terminal.news("nothing more is missing of job \(id)")
    }
    if !report.submitted.isEmpty {
      Terminal.news(
        "`blockfuse status \(id) --watch` says how it is getting on; output of tasks is in \(report.order ?? "")/slurm")
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
