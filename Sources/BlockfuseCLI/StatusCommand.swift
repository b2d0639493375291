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
    abstract: "Show a job's progress.",
    discussion: """
      With --watch the status is shown again every two seconds, until the job is complete or has failed; with --json, one \
      object per line. What tasks of a work order have done is read from their logs, also where nobody collected it.

      Exit status: 0; 10 no such job. With --exit-status that of the job: 0 complete; 3 some blocks failed; with blocks left \
      that of the last `blockfuse run`, also where it was refused, such as 0 for --limit, 1 where it was killed, 4 or 130; 75 \
      while somebody works on the job, or it waits to be run. With both, the watch ends once that is known, or once nobody \
      works any more on a job that somebody worked on.

      Example: blockfuse status 3 --watch --exit-status && echo done
      """)

  @OptionGroup var job: JobArgument
  @Flag(help: "Print the result as one JSON document.") var json = false
  @Flag(name: .shortAndLong, help: "Keep showing it while it changes.") var watch = false
  @Flag(help: "End with the exit status of the job.") var exitStatus = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      if watch { Signals.install() }
      let store = try database.readOnly()
      // the newest may be another one by the next time
      let id = try store.job(job.job).id
      var watched = JobWatch()
      var ending = ExitWatch()
      var screen = RedrawnText()
      while true {
        let status = try StatusAnswer(store: store, job: id, watch: &watched)
        let isShown = show(status, &screen)
        let isOver = exitStatus ? ending.isOver(status.progress) : [.complete, .failed].contains(status.job.state)
        if !watch || !isShown || isOver {
          if exitStatus, status.progress.exitStatus != .done { throw status.progress.exitStatus }
          return
        }
        for _ in 0..<20 {
          if let signal = Signals.stopFlag.signal { throw ExitStatus.stopped(signal: signal) }
          Thread.sleep(forTimeInterval: 0.1)
        }
      }
    }
  }

  /// Returns whether stdout takes more.
  private func show(_ status: StatusAnswer, _ screen: inout RedrawnText) -> Bool {
    if json { return Terminal.result(status.json.text) }
    let text = status.text(width: Terminal.size(of: STDOUT_FILENO)?.columns)
    let state = status.job.state.rawValue
    return watch ? screen.show(text, state: state) : Terminal.draw(Terminal.colored(text.printable, state: state))
  }
}
