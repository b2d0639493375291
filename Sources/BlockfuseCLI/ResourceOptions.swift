import ArgumentParser
import Files

/// How much of the machine a run may use.
struct ResourceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Number of worker threads. Default: one for each processor that the process may use.", valueName: "n"))
  var workers: Int?

  @Option(
    help: ArgumentHelp(
      "Memory that the process may use, such as 4GiB. Default: 2GiB, or 60 % of the system's limit if that is less; in Slurm 60 % of what it grants.",
      valueName: "size"))
  var memory: String?

  func validate() throws {
    try Self.check(workers: workers)
    try Self.check(memory: memory)
  }

  /// Throws unless so many threads can be asked for; nil is what the machine has.
  static func check(workers: Int?) throws {
    if let workers, workers < 1 || workers > 4096 { throw ValidationError("--workers must be from 1 to 4096") }
  }

  /// Throws unless the text is a size; nil is the default.
  static func check(memory: String?) throws {
    if let memory, byteCount(memory) == nil {
      throw ValidationError("--memory \(memory): expected a size such as 600MiB, 4GiB or 2000000000")
    }
  }

  /// With what the process may use in place of what was not given.
  var chosen: ChosenResources {
    ChosenResources(workers: workers, memoryByteCount: memory.flatMap(byteCount), limits: .current)
  }
}
