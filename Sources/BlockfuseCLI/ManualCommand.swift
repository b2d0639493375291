import ArgumentParser
import Diagnostics
import Foundation
import Jobs
import Output

struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual",
    abstract: "Print the manual page, in the format of man.",
    discussion: "Example: blockfuse manual > blockfuse.1 && man ./blockfuse.1",
    shouldDisplay: false)

  func run() throws {
    try reportingErrors { Terminal.result(ManualPage(try CommandTree.read()).text) }
  }
}
