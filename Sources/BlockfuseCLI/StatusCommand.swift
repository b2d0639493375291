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

      Exit status: 0; 10 no such job. With --exit-status that of the job: 0 complete; 3 some blocks failed; that of the last \
      `blockfuse run` where it ended before all was done, such as 0 for --limit, 4 or 130; 75 while the job runs, or waits to \
      be run. With both, the watch also ends when the last process that ran the job has ended, and no work order is out.

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
      var screen = RedrawnText()
      // one that began or ended meanwhile
      var hasRun = false
      var firstRun: Int64??
      while true {
        let status = try StatusAnswer(store: store, job: id, watch: &watched)
        let isShown = show(status, &screen)
        let isLive = status.progress.runs.contains(where: \.isLive)
        let newest = status.progress.runs.last?.id
        if firstRun == nil { firstRun = .some(newest) }
        hasRun = hasRun || firstRun != .some(newest)
        let isOver = [.complete, .failed].contains(status.job.state) || exitStatus && hasRun && !isLive && status.order == nil
        hasRun = hasRun || isLive
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
