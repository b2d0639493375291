import ArgumentParser
import JobStore

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copies the job database to a new file, also while jobs run.",
    discussion: """
      The copy is the state of one moment. It appears under its name when it is whole and on disk.

      Example: blockfuse backup /archive/jobs-2026-03-01.sqlite
      """)

  @Argument(
    help: ArgumentHelp("The file to make; one that exists is left alone.", valueName: "file"), completion: .file(), transform: localPath)
  var file: String
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      try database.readOnly().backup(to: file)
      Terminal.news("\(database.resolvedPath) is copied to \(file)")
    }
  }
}
