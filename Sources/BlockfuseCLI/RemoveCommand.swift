import ArgumentParser
import Diagnostics
import JSON
import JobStore
import Jobs
import Output

struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Forget a job; with --output, delete its fused image too.",
    discussion: """
      Without --output the image stays as it is, and no job can go on with it. With --output, files that blockfuse made are \
      deleted, and nothing else: files of other programs in the image's folder stay and are named. On a terminal you are asked \
      first, and `y` can be piped in; a script is not asked. If it is interrupted, the same command finishes it.

      Example: blockfuse remove 3 --output

      Exit status: 0 done; 4 the image is not this job's; 11 the job runs; 64 a work order is out.
      """)

  @OptionGroup var job: ChosenJob
  @Flag(help: "Delete the fused image too.") var output = false
  @Flag(name: .shortAndLong, help: "Do not ask for confirmation.") var yes = false
  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.endAtOnce()
      let remover = Remover(store: try database.existing(), note: { Terminal.message("note: \($0)") })
      guard output else { return tell(try remover.forget(job.job)) }
      let removed = try remover.removeWithOutput(job.job) { (extent, path) throws in
        try yes || Question.agreed("delete \(Self.text(extent)) of \(path)?")
      }
      guard let removed else { return Terminal.news("nothing was deleted") }
      tell(removed)
    }
  }

  private func tell(_ removed: Remover.Removed) {
    let (id, path) = (removed.job.id, removed.job.description.outputPath)
    for other in removed.others.prefix(OwnFiles.namedAtMost) {
      Terminal.message("note: left in place, since blockfuse did not make it: \(other)")
    }
    let more = removed.others.count - OwnFiles.namedAtMost
    if more > 0 { Terminal.message("note: and \(more.grouped) more") }
    if json {
      Terminal.result(
        JSONValue.object([
          "job": JSONValue(id), "output": .string(path), "files": JSONValue(removed.extent?.fileCount ?? 0),
          "bytes": JSONValue(removed.extent?.byteCount ?? 0), "left": JSONValue(removed.others),
        ]).text)
    } else if let extent = removed.extent {
      Terminal.news("job \(id) is removed, with \(Self.text(extent)) of \(path)")
    } else {
      Terminal.news(output ? "job \(id) is removed" : "job \(id) is removed; its output \(path) stays as it is")
    }
  }

  private static func text(_ extent: OwnFiles.Extent) -> String {
    "\(counted(extent.fileCount, "file")) (\(byteText(extent.byteCount)))"
  }
}
