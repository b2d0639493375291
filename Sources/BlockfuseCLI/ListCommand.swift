import ArgumentParser
import JSON
import JobStore
import Jobs

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List all jobs, with their dates, times and sizes.",
    discussion: """
      `worked` is the time that its runs took, `left` the expected time left; `size` is that of all levels before compression. \
      An output that is gone, or belongs to another job, is marked.

      Example: blockfuse list --db /data/jobs.sqlite
      """)

  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let store = try database.readOnly()
      let jobs = try store.jobNumbers().compactMap { try job($0, store) }
      if json {
        Terminal.result(JSONValue.array(jobs.map(\.json)).text)
        return
      }
      if jobs.isEmpty { return Terminal.message("no jobs yet; `blockfuse submit` makes one") }
      Terminal.result(table([ListedJob.columns] + jobs.map(\.row)))
    }
  }

  /// Nil for one that was removed since.
  private func job(_ number: JobID, _ store: JobStore) throws -> ListedJob? {
    do {
      return ListedJob(try StatusAnswer(store: store, selector: String(number)))
    } catch JobStoreError.noSuchJob {
      return nil
    }
  }
}
