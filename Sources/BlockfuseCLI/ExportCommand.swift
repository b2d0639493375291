import ArgumentParser
import JobStore

struct ExportCommand: ParsableCommand {
  enum Table: String, CaseIterable, ExpressibleByArgument { case views, blocks, failures, runs }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Print a table of a job: its views, blocks, failures or runs.",
    discussion: """
      Columns keep their names and their order in later versions; new ones come at the end. docs/jobs.md lists them.

      Example: blockfuse export 3 blocks > blocks.csv
      """)

  @OptionGroup var job: ChosenJob
  @Argument(help: "Table to print: views, blocks, failures or runs.") var table: Table
  @Flag(help: "Print comma-separated values with a line of column names (default).") var csv = false
  @Flag(help: "Print one JSON object per line.") var json = false
  @OptionGroup var database: DatabaseOption

  func validate() throws {
    if csv && json { throw CommandLineMistake.error("--csv and --json are two forms of one table", hint: "give one of them") }
  }

  func run() throws {
    try reportingErrors {
      let store = try database.readOnly()
      let record = try store.job(job.job)
      switch table {
      case .views: try ExportedTable.views(of: record, in: store).write(asJSON: json)
      case .blocks: try ExportedTable.blocks(of: record, in: store).write(asJSON: json)
      case .failures: try ExportedTable.failures(of: record, in: store).write(asJSON: json)
      case .runs: try ExportedTable.runs(of: record, in: store).write(asJSON: json)
      }
    }
  }
}
