import ArgumentParser
import Foundation
import JobStore
import Jobs
import Zarr

struct WorkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work",
    abstract: "Does one task's share of a work order; the job database is not touched.",
    discussion: """
      Which task this is, of how many, is also read from the environment of Slurm, AWS Batch, Kubernetes, LSF and SGE \
      arrays. A task that is started twice, at once or later, harms nothing; one that is started again goes on from its \
      logs.

      Example: blockfuse work fused.ome.zarr.blockfuse/order-1 --task 3 --tasks 8

      Exit status: 0 done; 3 some blocks failed; 4 the program, an input or the output changed, or the order was \
      withdrawn; 75 blocks of the level below are not done yet; 130 or 143 stopped by a signal.
      """)

  @Argument(help: ArgumentHelp("The order: what `blockfuse order` printed.", valueName: "order"), completion: .directory) var order: String
  @Option(help: ArgumentHelp("Which task, from 0.", valueName: "i")) var task: Int?
  @Option(help: ArgumentHelp("How many tasks there are.", valueName: "n")) var tasks: Int?
  @Option(help: "Only this level, which needs all of the level below. Default: all, as far as they come.") var level: Int?
  @OptionGroup(title: "Resources") var resources: ResourceOptions
  @OptionGroup var quiet: QuietFlag

  func run() throws {
    try reportingErrors {
      Signals.install()
      let place = try TaskIndex(task: task, tasks: tasks, environment: ProcessInfo.processInfo.environment)
      let settings = Runner.Settings(workers: workers, memoryByteCount: resources.memoryByteCount)
      let progress = ProgressReporter(isJSON: false)
      let outcome: WorkTask.Outcome
      do {
        outcome = try WorkTask(order: order, registry: CommandSetup.registry, settings: settings).run(
          index: place.index, count: place.count, level: level, stopFlag: Signals.stopFlag,
          observe: { progress.show($0) })
      } catch {
        Terminal.clearProgress()
        throw error
      }
      Terminal.clearProgress()
      let title = "task \(place.index) of \(place.count)"
      if case .stopped(let signal) = outcome.ending {
        Terminal.news("\(title): stopped by signal \(signal); the same command goes on from here")
        throw ExitCode(128 + signal)
      }
      let done = outcome.reading.finishedBlocks
      Terminal.news("\(title): \(done.grouped) blocks in \(durationText(outcome.reading.elapsedSeconds))")
      if outcome.failed > 0 {
        Terminal.message("\(outcome.failed.grouped) blocks of the share failed, or rest on failed ones; `blockfuse collect` says which")
        throw ExitCode(ExitStatus.someFailed.rawValue)
      }
      if outcome.waiting > 0 {
        Terminal.news("\(outcome.waiting.grouped) blocks rest on those of other tasks, which do them, or leave them to a later one")
      }
    }
  }

  /// What the scheduler gave to the task, rather than what the machine has.
  private var workers: Int {
    let environment = ProcessInfo.processInfo.environment
    let given = ["SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"].compactMap { environment[$0].flatMap { Int($0) } }
    return resources.workers ?? given.first { $0 > 0 } ?? resources.workerCount
  }
}

struct OrderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "order",
    abstract: "Freezes a job into a work order beside its output, for tasks on many hosts; prints its path.",
    discussion: "Example: blockfuse order 3")

  @OptionGroup var job: JobArgument
  @Flag(help: "Take the order back: tasks stop, what they did is collected.") var withdraw = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let store = try database.existing()
      let maker = OrderMaker(store: store, registry: CommandSetup.registry)
      if withdraw {
        let order = try maker.withdraw(job.job)
        Terminal.news("\(order.path) is withdrawn; tasks stop before they take more blocks")
        return
      }
      let order = try maker.make(job.job, note: { Terminal.message("note: \($0)") })
      Terminal.result(order.path)
    }
  }
}

struct CollectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect",
    abstract: "Merges what the tasks of a work order have done into the job database, also while they run.",
    discussion: "Example: blockfuse collect 3 && blockfuse status 3")

  @OptionGroup var job: JobArgument
  @Flag(help: "Print the answer as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let store = try database.existing()
      let id = try store.job(job.job).id
      let report = try Collector(store: store).collect(String(id))
      guard let order = report.order else {
        throw JobError.invalid(what: "job \(id) has no work order", hint: "`blockfuse order \(id)` makes one")
      }
      if json {
        Terminal.result(
          JSONValue.object([
            "job": .int(Int64(id)), "state": .string(report.state.rawValue), "order": .string(order.path),
            "settled": .int(Int64(report.settledBlocks)), "logs": .int(Int64(report.logs.count)),
            "torn": .int(Int64(report.tornLogs)),
          ]).text)
      } else {
        Terminal.result(
          "job \(id) is \(report.state.rawValue): \(report.settledBlocks.grouped) blocks newly settled, from "
            + "\(report.logs.count.grouped) logs, \(report.logs.endedCount.grouped) of which have ended")
      }
      if report.state == .failed { throw ExitCode(ExitStatus.someFailed.rawValue) }
    }
  }
}
