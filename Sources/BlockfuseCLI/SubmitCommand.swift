import ArgumentParser
import JSON
import JobStore
import Jobs
import Planning
import Zarr

struct SubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Check everything and record a job; print its number.",
    discussion: "Example: blockfuse submit dataset.json --output fused.ome.zarr --output-chunksize 128")

  @OptionGroup var request: SubmitArguments
  @Option(
    help: ArgumentHelp("Memory that a run will have, such as 4GiB: refused where it is too little. Not recorded.", valueName: "size"))
  var memory: String?
  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func validate() throws { try ResourceOptions.check(memory: memory) }

  func run() throws {
    try reportingErrors {
      Signals.endAtOnce()
      var request = try request.resolve()
      request.memoryByteCount = memory.flatMap(byteCount)
      _ = try SubmitArguments.submit(request, into: database, recorded: { job, _ in tell(job) })
    }
  }

  private func tell(_ job: JobRecord) {
    let document = JSONValue.object([
      "job": JSONValue(job.id), "name": JSONValue(job.description.name),
      "output": .string(job.description.outputPath),
    ])
    let isTold = Terminal.result(json ? document.text : String(job.id))
    let news = "job \(job.id) is recorded; `blockfuse run \(job.id)` fuses it into \(job.description.outputPath)"
    // whoever does not get the number must not take it that there is no job
    if isTold { Terminal.news(news) } else { Terminal.message(news) }
  }
}
