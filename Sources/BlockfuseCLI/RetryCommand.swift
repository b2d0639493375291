import ArgumentParser
import Diagnostics
import JSON
import JobStore
import Jobs

struct RetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Failed blocks become pending.",
    discussion: "Example: blockfuse retry 3 && blockfuse run 3")

  @OptionGroup var job: JobArgument
  @Flag(help: "Print the answer as one JSON document.") var json = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let store = try database.existing()
      let record = try store.job(job.job)
      let count = try store.retry(record.id)
      Terminal.result(json ? JSONValue.object(["job": JSONValue(record.id), "pending": JSONValue(count)]).text : "\(count)")
      Terminal.news(
        "\(counted(count, "block is", "blocks are")) pending again; `blockfuse run \(record.id)` tries \(count == 1 ? "it" : "them")")
    }
  }
}
