import ArgumentParser
import Diagnostics
import JobStore
import Jobs
import Output
import Threads

struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Run every interrupted job of the database.",
    discussion: """
      A job whose output was replaced by that of a later one is left alone.

      Example: blockfuse resume --db /data/jobs.sqlite
      """)

  @OptionGroup var arguments: RunArguments
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.install()
      let store = try database.existing()
      let all = try store.jobs()
      let jobs = all.filter { $0.state == .interrupted }.sorted { $0.id < $1.id }
      if jobs.isEmpty { Terminal.news("no job was interrupted") }
      var worst: ExitStatus?
      for job in jobs {
        // that was asked for, and there is nothing left that it could go on with
        if let later = all.first(where: { $0.replacesOutput(of: job) }), job.outputProblem(try? job.details()) != nil {
          Terminal.message("note: job \(job.id) is left alone: its output was replaced by that of job \(later.id)")
          continue
        }
        do {
          try reportingErrors { try arguments.run(job: String(job.id), in: store) }
        } catch let status as ExitStatus {
          if Signals.stopFlag.signal != nil { throw status }
          worst = worst ?? status
        }
      }
      if let worst { throw worst }
    }
  }
}

extension JobRecord {
  /// Whether this job was submitted after another, with the same place for its output.
  fileprivate func replacesOutput(of job: JobRecord) -> Bool {
    id > job.id && description.outputPath == job.description.outputPath
  }
}
