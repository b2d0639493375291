import ArgumentParser
import JobStore
import Jobs

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Put a backup, or another copy, in the place of the job database.",
    discussion: """
      The copy is checked and put in the place of --db; files that belonged to the replaced database are removed. From then on it \
      owns the outputs: the database that it was copied from can be read, but no job in it can continue, and tasks of work orders \
      are told to stop. If --db names the copy itself, it becomes the database where it is, for example after a project was moved \
      by rsync.

      Example: blockfuse restore /archive/jobs-2026-03-01.sqlite

      Exit status: 0 done; 1 the copy is damaged; 11 a process has the database open, or writes to an output of its jobs; 64 \
      the file is no copy of the database at --db.
      """)

  @Argument(help: ArgumentHelp("The copy to use.", valueName: "file"), completion: .file(), transform: localPath)
  var file: String
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      try Restorer(note: { Terminal.message("note: \($0)") }).restore(file, to: database.resolvedPath)
      Terminal.news("\(database.resolvedPath) is the job database, as \(file) has it")
    }
  }
}
