import ArgumentParser
import Foundation
import JobStore
import Views

/// `--db`: where the job database is.
struct DatabaseOption: ParsableArguments {
  @Option(
    name: .customLong("db"),
    help: ArgumentHelp("The job database. Default: $BLOCKFUSE_DB, else blockfuse.sqlite in the current folder.", valueName: "file"),
    completion: .file(), transform: localPath)
  var path: String?

  func validate() throws {
    guard path == nil, let problem = PathProblem(Self.defaultPath) else { return }
    throw CommandLineMistake.error("BLOCKFUSE_DB=\(Self.defaultPath): \(problem.what)", hint: problem.hint)
  }

  var resolvedPath: String {
    path ?? Self.defaultPath
  }

  static var defaultPath: String {
    if let path = ProcessInfo.processInfo.environment["BLOCKFUSE_DB"], !path.isEmpty { return path }
    return "blockfuse.sqlite"
  }

  func existing() throws -> JobStore { try JobStore.open(resolvedPath, mode: .existing) }
  func readOnly() throws -> JobStore { try JobStore.open(resolvedPath, mode: .readOnly) }
}
