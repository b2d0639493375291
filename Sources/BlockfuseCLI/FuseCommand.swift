import ArgumentParser
import JobStore
import Jobs

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
      var request = try request.resolve()
      request.memoryByteCount = arguments.resources.memory.flatMap(byteCount)
      let (job, store) = try SubmitArguments.submit(request, into: database) { Terminal.news("job \($0.id) in \(database.resolvedPath)") }
      // what submit has just said is not said again
      try arguments.run(job: String(job.id), in: store, isNew: true)
    }
  }
}
