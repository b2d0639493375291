import ArgumentParser
import Diagnostics
import Foundation
import JobStore
import Jobs
import JSON
import Threads
import Zarr

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "The state of a job, also while it runs.",
    discussion: """
      Example: blockfuse status 3 --watch

      With --watch the status is shown anew every two seconds, until the job is complete or has failed; with --json, an \
      object a line.
      """)

  @OptionGroup var job: JobArgument
  @Flag(help: "Print the answer as one JSON document.") var json = false
  @Flag(name: .shortAndLong, help: "Go on showing it while it changes.") var watch = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      guard watch else {
        let status = try JobStatus(store: try database.readOnly(), selector: job.job)
        Terminal.result(json ? status.json.text : status.text(width: Terminal.size(of: STDOUT_FILENO)?.columns))
        return
      }
      Signals.install()
      let store = try database.readOnly()
      // the newest may be another one by the next time
      let id = String(try store.job(job.job).id)
      var screen = RedrawnText()
      while true {
        let status = try JobStatus(store: store, selector: id)
        let isShown =
          json ? Terminal.result(status.json.text) : screen.show(status.text(width: Terminal.size(of: STDOUT_FILENO)?.columns))
        if !isShown || [.complete, .failed].contains(status.reading.job.state) { return }
        for _ in 0..<20 {
          if let signal = Signals.stopFlag.signal { throw ExitCode(128 + signal) }
          Thread.sleep(forTimeInterval: 0.1)
        }
      }
    }
  }
}

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
      let jobs = try store.jobs().sorted { $0.id < $1.id }
      if json {
        let list = try jobs.map { try JobStatus(store: store, job: $0).json }
        Terminal.result(JSONValue.array(list).text)
        return
      }
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
