import ArgumentParser
import Diagnostics
import Engine
import Foundation
import JobStore
import Jobs
import Orders
import Zarr

struct WorkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work",
    abstract: "Do one task's share of a work order, without the job database.",
    discussion: """
      In an array of Slurm, AWS Batch, Kubernetes, LSF or SGE, --task and --tasks are read from the environment. A task that is \
      started twice, at once or later, does no harm; one that is started again continues from its logs.

      Example: blockfuse work fused.ome.zarr.blockfuse/order-1 --task 3 --tasks 8

      Exit status: 0 done; 3 some blocks failed, or need failed ones; 4 the program, an input or the output changed, or the order was \
      cancelled; 12 a block of the level below is recorded as done and is not there; 75 blocks of the level below are not done yet, or a disk \
      does not answer; 130 or 143 stopped by a signal.
      """)

  @Argument(
    help: ArgumentHelp("The work order: the path that `blockfuse order` printed.", valueName: "order"), completion: .directory,
    transform: localPath)
  var order: String
  @Option(help: ArgumentHelp("Number of this task, from 0.", valueName: "i")) var task: Int?
  @Option(help: ArgumentHelp("Number of tasks.", valueName: "n")) var tasks: Int?
  @Option(help: "Only this level; the level below must be done. Default: each level that can be done.") var level: Int?
  @OptionGroup(title: "Resources") var resources: ResourceOptions
  @OptionGroup var quiet: QuietFlag

  func run() throws {
    try reportingErrors {
      Signals.install()
      let place = try TaskIndex(task: task, tasks: tasks, environment: ProcessInfo.processInfo.environment)
      let chosen = resources.chosen
      for note in chosen.notes { Terminal.message("note: \(note)") }
      var settings = LevelRunner.Settings(workers: chosen.workers, memoryByteCount: chosen.memoryByteCount)
      settings.isMemoryAsked = resources.memory != nil
      let progress = ProgressReporter(isJSON: false)
      let outcome: TaskRunner.Outcome
      do {
        outcome = try TaskRunner(order: order, registry: CommandSetup.registry, settings: settings).run(
          index: place.index, count: place.count, level: level, stopFlag: Signals.stopFlag,
          note: { Terminal.message("note: \($0)") }, observe: { progress.show($0) })
      } catch {
        Terminal.clearProgress()
        throw error
      }
      Terminal.clearProgress()
      let title = "task \(place.index) of \(place.count)"
      if case .stopped(let signal) = outcome.ending {
        Terminal.news("\(title): stopped by \(Signals.name(signal)); the same command continues from here")
        throw ExitStatus.stopped(signal: signal)
      }
      let done = outcome.reading.finishedBlocks
      Terminal.news("\(title): \(counted(done, "block")) in \(RunSummary.pace(outcome.reading))")
      if outcome.failed > 0 {
        Terminal.message("\(counted(outcome.failed, "block")) of the share failed, or rest on failed ones; `blockfuse collect` says which")
        throw ExitStatus.someFailed
      }
      if outcome.waiting > 0 {
        Terminal.news(
          "\(counted(outcome.waiting, "block rests", "blocks rest")) on those of other tasks, which do them, or leave them to a later one")
      }
    }
  }
}
