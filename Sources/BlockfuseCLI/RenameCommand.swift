import ArgumentParser
import JSON
import JobStore
import Jobs

struct RenameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rename",
    abstract: "Give a job another name.",
    discussion: "Example: blockfuse rename 3 embryo-2")

  @OptionGroup var job: ChosenJob
  @Argument(help: ArgumentHelp("New name of the job.", valueName: "name")) var name: String
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func validate() throws {
    if let problem = JobName.problem(name) { throw ValidationError("NAME\(problem)") }
  }

  func run() throws {
    try reportingErrors {
      let store = try database.existing()
      let record = try store.onlyJob(job.job)
      try store.setName(record.id, to: name)
      Terminal.news("job \(record.id) is called \(name)")
      if try store.jobs().contains(where: { $0.description.name == name && $0.id != record.id }) {
        Terminal.message("note: another job has the name \(name) too; by name the newest is meant, by number any")
      }
    }
  }
}
