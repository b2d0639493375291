import ArgumentParser
import JSON
import JobStore
import Jobs

struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Forget the jobs whose fused images are gone.",
    discussion: """
      Lists them first, and asks on a terminal. An image is gone if its parent folder exists and the image does not, or if a \
      later job replaced it. Jobs on a disk that does not answer, or may not be mounted, are kept and named. No file is deleted.

      Example: blockfuse prune --dry-run
      """)

  @Flag(help: "List the jobs only.") var dryRun = false
  @Flag(name: .shortAndLong, help: "Do not ask for confirmation.") var yes = false
  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.endAtOnce()
      let store = dryRun ? try database.readOnly() : try database.existing()
      let pruner = Pruner(store: store)
      let (gone, kept) = try pruner.look()
      if !json { for finding in gone { Terminal.result(Self.line(finding)) } }
      for finding in kept { Terminal.message("note: kept: \(Self.line(finding))") }
      var forgotten: [Pruner.Finding] = []
      let count = "\(gone.count) job\(gone.count == 1 ? "" : "s")"
      if !dryRun, !gone.isEmpty, try yes || Question.agreed("forget \(count)?") {
        forgotten = try gone.filter(pruner.forget)
      }
      if json {
        func list(_ findings: [Pruner.Finding]) -> JSONValue {
          .array(
            findings.map {
              .object(["job": JSONValue($0.job.id), "output": .string($0.job.description.outputPath), "reason": .string($0.why)])
            })
        }
        Terminal.result(JSONValue.object(["gone": list(gone), "forgotten": list(forgotten), "kept": list(kept)]).text)
      }
      if gone.isEmpty { return Terminal.news("no job's output is gone") }
      Terminal.news(dryRun ? "\(count) would be forgotten" : "\(forgotten.count) of \(count) forgotten")
    }
  }

  private static func line(_ finding: Pruner.Finding) -> String {
    "job \(finding.job.id)\(finding.job.description.name.map { " (\($0))" } ?? "")  \(finding.job.description.outputPath): \(finding.why)"
  }
}
