import ArgumentParser
import Diagnostics
import JSON
import JobStore
import Jobs
import Orders
import Planning
import Zarr

struct CollectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect",
    abstract: "Record what the tasks of a work order did in the job database, also while they run.",
    discussion: """
      Example: blockfuse collect 3 && blockfuse status 3

      With --order it also works on a host without the job database, as the last job of a scheduler: it reads the order and its \
      logs, completes the output if all blocks are done, and says how to collect.

      Exit status: 0 collected, with --order only if the job is complete; 1 the order or its logs cannot be read; 3 some blocks failed; 75 with --order: some are not done yet.
      """)

  @OptionGroup var job: JobArgument
  @Option(help: ArgumentHelp("Path of the work order, if the job database is not on this host.", valueName: "order"), transform: localPath)
  var order: String?
  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      guard let order else {
        let store = try database.existing()
        return try collect(store.job(job.job).id, in: store)
      }
      let end = try OrderEnd(order: order)
      if let other = job.job, !end.isOf(job: other) {
        throw JobError.invalid(
          what: "the order \(end.path) is of job \(end.job), not of \"\(other)\"",
          hint: "leave out the job: `blockfuse collect --order \(shellWord(end.path))`; or give the order of that job")
      }
      if let store = try recording(end) { try collect(end.job, in: store) } else { try report(end) }
    }
  }

  /// The database, where it is on this host and knows the order.
  private func recording(_ end: OrderEnd) throws -> JobStore? {
    do {
      let store = try database.existing()
      if try end.isRecorded(in: store) { return store }
      Terminal.message("\(database.resolvedPath) on this host knows nothing of the order \(end.path)")
    } catch let error as JobStoreError {
      switch error {
      case .noDatabase, .networkFileSystem, .cannotOpen:
        Terminal.message("the job database is not to be had on this host: \(error.description)")
      default: throw error
      }
    }
    return nil
  }

  private func collect(_ id: JobID, in store: JobStore) throws {
    let report = try Collector(store: store).collect(String(id))
    guard let order = report.order else {
      throw JobError.invalid(what: "job \(id) has no work order", hint: "`blockfuse order \(id)` makes one")
    }
    let counts = try store.levels(of: id).map(\.counts).reduce(BlockCounts(), +)
    if json {
      Terminal.result(
        JSONValue.object([
          "job": JSONValue(id), "state": .string(report.state.rawValue), "order": .string(order.path),
          "settled": JSONValue(report.settledBlocks), "logs": JSONValue(report.logs.count),
          "torn": JSONValue(report.tornLogs), "blocks": StatusAnswer.blocks(counts),
        ]).text)
    } else {
      Terminal.result(
        "job \(id) is \(report.state.rawValue): \(counted(report.settledBlocks, "block")) newly settled, from "
          + "\(counted(report.logs.count, "log")), \(counted(report.logs.endedCount, "of which has", "of which have")) ended")
      if counts.pending > 0 {
        Terminal.news("\(counted(counts.pending, "block is", "blocks are")) not done yet, of \(counts.total.grouped)")
      }
    }
    if report.state == .failed { throw ExitStatus.someFailed }
    if self.order != nil, report.state != .complete { throw ExitStatus.notYet }
  }

  private func report(_ end: OrderEnd) throws {
    let report = try end.standing()
    let state = report.state
    let counts = report.levels.reduce(BlockCounts(), +)
    if json {
      Terminal.result(
        JSONValue.object([
          "job": JSONValue(end.job), "state": .string(state.rawValue), "order": .string(end.path), "recorded": .bool(false),
          "blocks": StatusAnswer.blocks(counts),
        ]).text)
    } else {
      Terminal.result(
        "by its order and logs, job \(end.job) is \(state.rawValue): \(counts.settled.grouped) of \(counted(counts.total, "block")) \(counts.settled == 1 ? "is" : "are") done"
          + (counts.failed > 0 ? ", \(counts.failed.grouped) failed" : ""))
    }
    Terminal.message(
      "the record is not up to date: `blockfuse collect \(end.job)` on the host of the job database brings it there")
    if state == .failed { throw ExitStatus.someFailed }
    if state != .complete { throw ExitStatus.notYet }
  }
}
