import ArgumentParser
import Diagnostics
import Foundation
import JSON
import JobStore
import Jobs
import Threads

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
  @Flag(help: "Print the result as one JSON document.") var json = false
  @Flag(name: .shortAndLong, help: "Keep showing it while it changes.") var watch = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      guard watch else {
        let status = try StatusAnswer(store: try database.readOnly(), selector: job.job)
        Terminal.result(json ? status.json.text : status.text(width: Terminal.size(of: STDOUT_FILENO)?.columns))
        return
      }
      Signals.install()
      let store = try database.readOnly()
      // the newest may be another one by the next time
      let id = String(try store.job(job.job).id)
      var screen = RedrawnText()
      while true {
        let status = try StatusAnswer(store: store, selector: id)
        let isShown =
          json ? Terminal.result(status.json.text) : screen.show(status.text(width: Terminal.size(of: STDOUT_FILENO)?.columns))
        if !isShown || [.complete, .failed].contains(status.job.state) { return }
        for _ in 0..<20 {
          if let signal = Signals.stopFlag.signal { throw ExitStatus.stopped(signal: signal) }
          Thread.sleep(forTimeInterval: 0.1)
        }
      }
    }
  }
}
