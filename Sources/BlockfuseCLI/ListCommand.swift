import ArgumentParser
import Diagnostics
import JSON
import JobStore
import Jobs

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "All jobs of the database.",
    discussion: "Example: blockfuse list --db /data/jobs.sqlite")

  @Flag(help: "Print the answer as one JSON document.") var json = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let store = try database.readOnly()
      if json {
        let list = try store.jobNumbers().map { try StatusAnswer(store: store, selector: String($0)).json }
        Terminal.result(JSONValue.array(list).text)
        return
      }
      let jobs = try store.jobs()
      if jobs.isEmpty { return Terminal.message("no jobs yet; `blockfuse submit` makes one") }
      var rows = [["job", "name", "state", "finished", "failed", "output"]]
      for job in jobs {
        let counts = job.counts
        rows.append(
          [
            String(job.id), job.description.name ?? "", job.state.rawValue,
            percentText(counts.settled, of: counts.total), counts.failed.grouped, job.description.outputPath,
          ])
      }
      Terminal.result(table(rows))
    }
  }
}
