import ArgumentParser
import JobStore
import Output

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the job database to a new file, also while jobs run.",
    discussion: """
      The copy holds the state of one moment. It gets its name only when it is complete and on disk.

      Example: blockfuse backup /archive/jobs-2026-03-01.sqlite
      """)

  @Argument(
    help: ArgumentHelp("File to write; an existing one is never replaced.", valueName: "file"), completion: .file(), transform: localPath)
  var file: String
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let store = try database.readOnly()
      try NamedPlace(file).check(in: store)
      try store.backup(to: file)
      Terminal.news("\(database.resolvedPath) is copied to \(file)")
    }
  }
}
