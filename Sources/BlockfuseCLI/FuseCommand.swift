import ArgumentParser
import Diagnostics
import JobStore
import Jobs

struct FuseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuse",
    abstract: "Fuse a dataset into one OME-Zarr: submit and run in one step.",
    discussion: """
      The same line after any interruption continues the job, also with --overwrite. A complete job is left as it is, or made \
      anew with --overwrite.

      Example: blockfuse fuse dataset.json --output fused.ome.zarr --workers 8
      """)

  @OptionGroup var request: SubmitArguments
  @OptionGroup var arguments: RunArguments
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.endAtOnce()
      var request = try request.resolve()
      request.memoryByteCount = arguments.resources.memory.flatMap(byteCount)
      var isNew = true
      let (job, store) = try SubmitArguments.submit(request, into: database, goesOn: true) { job, isThere in
        isNew = !isThere
        if isThere { tell(job, name: request.name) } else { Terminal.news("job \(job.id) in \(database.resolvedPath)") }
      }
      // what submit has just said is not said again
      try arguments.run(job: String(job.id), in: store, isNew: isNew)
    }
  }

  /// The job was there already; one that is complete is told as any such.
  private func tell(_ job: JobRecord, name: String?) {
    if let name, name != job.description.name {
      Terminal.message("note: job \(job.id) was submitted before, and keeps its name; --name \(name) is for new jobs")
    }
    guard job.state != .complete else { return }
    let (counts, all) = (job.counts, job.counts.total)
    let failed = counts.failed == 0 ? "" : ", \(counts.failed.grouped) failed"
    Terminal.news("goes on with job \(job.id): \(counts.settled.grouped) of \(all.grouped) blocks are done\(failed)")
  }
}
