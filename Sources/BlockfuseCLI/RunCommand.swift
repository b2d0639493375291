import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Jobs
import JobStore
import Output
import Planning
import Threads

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a job, or continue it: level 0, then the pyramid.",
    discussion: """
      After any interruption the same line continues where it stopped.

      Example: blockfuse run 3 --workers 8 --memory 16GiB

      Exit status: 0 done, or --limit reached; 3 some blocks failed; 4 something changed since submit; 10 no such job; \
      11 another process runs it; 12 a block that was done is damaged; 130 or 143 stopped by a signal.
      """)

  @OptionGroup var job: JobArgument
  @OptionGroup var arguments: RunArguments
  @Flag(help: "Continue although times of image files changed since submit, if nothing else did; record the new times.")
  var acceptTimes = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.install()
      try arguments.run(job: job.job, in: try database.existing(), acceptsTimes: acceptTimes)
    }
  }
}
