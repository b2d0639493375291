import ArgumentParser
import Diagnostics
import JSON
import JobStore
import Jobs

struct RetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Mark failed blocks, or all blocks of some views, to be tried again.",
    discussion: """
      With --view, the image of a view is taken as it is now, for example after it was restored or replaced; the next run makes \
      every block that the view touches again.

        blockfuse retry 3 && blockfuse run 3
        blockfuse retry 3 --view tile_06 && blockfuse run 3
      """)

  @OptionGroup var job: JobArgument
  @Option(
    name: .customLong("view"),
    help: ArgumentHelp("Take this view's image as it is now. May be given several times.", valueName: "name"))
  var views: [String] = []
  @Flag(help: "With --view: also take an image of another shape, type or place, if the job stays the same otherwise.")
  var acceptChanged = false
  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var database: DatabaseOption

  func validate() throws {
    if acceptChanged, views.isEmpty {
      throw CommandLineMistake.error("--accept-changed has no meaning without --view", hint: "name the view, as in --view tile_06")
    }
  }

  func run() throws {
    try reportingErrors {
      let store = try database.existing()
      if !views.isEmpty { return try retake(in: store) }
      let record = try store.job(job.job)
      let count = try store.retry(record.id)
      Terminal.result(json ? JSONValue.object(["job": JSONValue(record.id), "pending": JSONValue(count)]).text : "\(count)")
      Terminal.news(
        count == 0
          ? "job \(record.id) has no failed blocks; nothing was changed"
          : "\(counted(count, "block is", "blocks are")) pending again; `blockfuse run \(record.id)` tries \(count == 1 ? "it" : "them")")
    }
  }

  private func retake(in store: JobStore) throws {
    let retaker = ViewRetaker(store: store, registry: CommandSetup.registry)
    let answer = try retaker.retake(views, of: job.job, acceptsChanged: acceptChanged, note: { Terminal.message("note: \($0)") })
    let (job, count) = (answer.job.id, answer.pendingBlocks)
    let document = JSONValue.object(["job": JSONValue(job), "pending": JSONValue(count), "views": JSONValue(views)])
    Terminal.result(json ? document.text : "\(count)")
    for line in answer.differences { Terminal.message("note: taken as it is now: \(line)") }
    if answer.differences.isEmpty { Terminal.message("note: the files are as they were recorded") }
    Terminal.news(
      count == 0
        ? "no block that \(answer.viewCount == 1 ? "the view touches" : "the views touch") was made yet; `blockfuse run \(job)` makes them"
        : "\(counted(count, "block is", "blocks are")) pending again; `blockfuse run \(job)` makes \(count == 1 ? "it" : "them")")
  }
}
