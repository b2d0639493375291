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

/// The job that a command is about.
struct JobArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("A job's number or name. Default: the newest.", valueName: "job"), completion: .jobs)
  var job: String?
}

/// How much of the machine a run may use.
struct ResourceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Worker threads. Default: one for each core.", valueName: "n"))
  var workers: Int?

  @Option(help: ArgumentHelp("What the process may use, such as 4GiB. Default: 2GiB.", valueName: "size"))
  var memory: String?

  func validate() throws {
    if let workers, workers < 1 || workers > 4096 { throw ValidationError("--workers must be from 1 to 4096") }
    if let memory, byteCount(memory) == nil {
      throw ValidationError("--memory \(memory): expected a size such as 600MiB, 4GiB or 2000000000")
    }
  }

  var workerCount: Int { workers ?? ProcessInfo.processInfo.activeProcessorCount }
  var memoryByteCount: Int? { memory.flatMap(byteCount) }
}

/// `4GiB`, `600MB`, `2g`, `1048576`.
func byteCount(_ text: String) -> Int? {
  let units: [(String, Double)] = [
    ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("tib", 1_099_511_627_776), ("kb", 1e3), ("mb", 1e6),
    ("gb", 1e9), ("tb", 1e12), ("k", 1024), ("m", 1_048_576), ("g", 1_073_741_824), ("t", 1_099_511_627_776), ("b", 1),
  ]
  let lower = text.lowercased().filter { $0 != " " }
  let (number, factor) =
    units.first { lower.hasSuffix($0.0) }.map { (String(lower.dropLast($0.0.count)), $0.1) } ?? (lower, 1)
  guard let value = Double(number), value > 0, value * factor < 9e18 else { return nil }
  return Int(value * factor)
}
