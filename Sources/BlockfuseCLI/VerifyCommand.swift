import ArgumentParser
import Diagnostics
import Files
import Foundation
import Geometry
import JSON
import JobStore
import Jobs
import Output
import Planning

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read back every block that is recorded as done.",
    discussion: """
      Exit status: 0 all is as recorded, or --repair set it right; 12 something is missing or damaged. An unfinished job and \
      stray files are reported, but are not damage.

      Example: blockfuse verify 3 --repair && blockfuse run 3
      """)

  @OptionGroup var job: JobArgument
  @Flag(help: "Mark missing or damaged blocks, and those made from them, to be done again; remove stray files.") var repair = false
  @Option(help: ArgumentHelp("Threads. Default: one for each processor that the process may use.", valueName: "n")) var workers: Int?
  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func validate() throws { try ResourceOptions.check(workers: workers) }

  func run() throws {
    try reportingErrors {
      Signals.install()
      let store = repair ? try database.existing() : try database.readOnly()
      let record = try store.job(job.job)
      let opened = try LoadedJob(record)
      let verifier = Verifier(
        job: opened, store: store, workers: workers ?? ProcessLimits.current.processors.value)
      if repair { try verifier.checkOwner() }
      let progress = ProgressReporter(isJSON: false)
      let report: Verification
      var done: Verification.Repair?
      do {
        report = try verifier.verify(stopFlag: Signals.stopFlag) { checked, total in
          progress.show(checked, of: total) { _ in "verified \(checked.grouped) of \(counted(total, "block"))" }
        }
        Terminal.clearProgress()
        if repair { done = try verifier.repair(report, note: { Terminal.message("note: \($0)") }) }
      } catch JobError.changed(_, let differences, let advice) {
        Terminal.clearProgress()
        for difference in differences { Terminal.message("error: \(difference)") }
        if let advice { Terminal.message("hint: \(advice)") }
        throw ExitStatus.damaged
      }
      show(report, done, record)
      if report.isDamaged && !repair { throw ExitStatus.damaged }
    }
  }

  private func show(_ report: Verification, _ done: Verification.Repair?, _ record: JobRecord) {
    if json {
      let problems: [JSONValue] = report.problems.map {
        .object([
          "level": JSONValue($0.block.level),
          "block": JSONValue(positionNumbers($0.block, record)), "code": .string($0.code),
          "message": .string($0.message),
        ])
      }
      Terminal.result(
        JSONValue.object([
          "job": JSONValue(record.id), "state": .string(record.state.rawValue),
          "checked": JSONValue(report.checkedBlocks), "bytes": JSONValue(report.checkedByteCount),
          "problems": .array(problems), "metadata_problems": JSONValue(report.metadataProblems), "strays": JSONValue(report.strays),
          "repaired": JSONValue(done?.blockCount ?? 0), "strays_removed": JSONValue(done?.removedStrays ?? 0),
        ]).text)
      return
    }
    for problem in report.problems {
      let position = positionNumbers(problem.block, record).map(String.init).joined(separator: ",")
      Terminal.line("level \(problem.block.level) block \(position): \(problem.message)")
    }
    for problem in report.metadataProblems { Terminal.line(problem) }
    for stray in report.strays { Terminal.line("stray: \(stray)") }
    Terminal.result(
      "verified \(counted(report.checkedBlocks, "block")), \(byteText(report.checkedByteCount)): "
        + "\(report.problems.count.grouped) missing or damaged, \(counted(report.strays.count, "stray file"))")
    if record.state != .complete { Terminal.result("the job is \(record.state.rawValue): what is not done was not looked at") }
    if let done {
      if done.blockCount == 0, done.removedStrays == 0, report.metadataProblems.isEmpty {
        Terminal.result("there was nothing to repair")
      } else {
        Terminal.result(
          "\(counted(done.blockCount, "block is", "blocks are")) pending again, \(counted(done.removedStrays, "stray file")) removed")
      }
      if done.blockCount > 0 { Terminal.message("hint: `blockfuse run \(record.id)` makes the pending blocks") }
    } else if report.isDamaged {
      Terminal.message("hint: `blockfuse verify \(record.id) --repair` sets them to pending, `blockfuse run \(record.id)` makes them again")
    }
  }

  private func positionNumbers(_ block: BlockID, _ record: JobRecord) -> [Int] {
    block.position.values(is3D: record.description.is3D)
  }
}
