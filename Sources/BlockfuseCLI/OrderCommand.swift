import ArgumentParser
import Foundation
import JobStore
import Orders

struct OrderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "order",
    abstract: "Export a job as a work order, for tasks on many hosts; print its path.",
    discussion: "Example: blockfuse order 3")

  @OptionGroup var job: JobArgument
  @Flag(help: "Cancel the work order: tasks stop, and what they did is collected.") var withdraw = false
  @Option(
    help: .hidden,
    transform: { text in
      guard let uuid = UUID(uuidString: text) else { throw ValidationError("\(text) is no UUID") }
      return uuid
    })
  var uuid: UUID?
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let store = try database.existing()
      let maker = OrderMaker(store: store, registry: CommandSetup.registry)
      if withdraw {
        let order = try maker.withdraw(job.job)
        Terminal.news("\(order.path) is withdrawn; tasks stop before they take more blocks")
        return
      }
      let order = try maker.make(job.job, uuid: uuid, note: { Terminal.message("note: \($0)") })
      Terminal.result(order.path)
    }
  }
}
