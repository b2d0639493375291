import ArgumentParser
import Foundation

/// Feeds the libraries with input that is almost right, case by case from numbered seeds, in a child process that may
/// crash or hang: then it says which seed did it, and goes on with the next.
@main
struct Fuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz",
    abstract: "Feeds metadata, chunks, shards, datasets and options that are almost right to the libraries.",
    discussion: """
      Exit status: 0 when no case crashed, hung, or asked for memory without end; 1 else, each named with its seed.

        fuzz --seconds 3600 --seed 1
        fuzz --area array --only 4711
      """)

  @Option(help: "For how long, all areas together.") var seconds = 10.0
  @Option(help: "Where the seeds begin. Default: by the time of day.") var seed: UInt64?
  @Option(help: "One area only.") var area: String?
  @Option(help: "One case only, in this process.") var only: UInt64?
  @Option(help: .hidden) var workerFolder: String?

  /// A case takes milliseconds.
  static let hangSeconds = 20.0

  func validate() throws {
    if let area, !Areas.all.contains(where: { $0.name == area }) {
      throw ValidationError("--area: one of \(Areas.all.map { $0.name }.joined(separator: ", "))")
    }
    if only != nil && area == nil { throw ValidationError("--only needs --area") }
  }

  func run() throws {
    let areas = Areas.all.filter { area == nil || $0.name == area }
    let first = seed ?? UInt64(Date().timeIntervalSince1970 * 1000) << 20
    if let workerFolder {
      let worker = Worker(area: areas[0], folder: workerFolder, stateFile: workerFolder + "/.seed")
      return try worker.run(seeds: first..., until: Date(timeIntervalSinceNow: seconds))
    }
    let folder = NSTemporaryDirectory() + "blockfuse-fuzz-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    if let only {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      return try Worker(area: areas[0], folder: folder, stateFile: folder + "/.seed").run(seeds: [only], until: .distantPast)
    }
    var failures = 0
    for area in areas {
      let result = try Supervisor(area: area.name, folder: folder, first: first).run(seconds: seconds / Double(areas.count))
      print("\(area.name): \(result.cases) cases, \(result.failures.count) failures")
      for failure in result.failures { print("  \(failure.what): fuzz --area \(area.name) --only \(failure.seed)") }
      failures += result.failures.count
    }
    if failures > 0 { throw ExitCode(1) }
  }
}

/// Watches a child that runs the cases of one area.
struct Supervisor {
  struct Failure {
    let seed: UInt64
    let what: String
  }

  let area: String
  let folder: String
  let first: UInt64
  /// More of the same tell nothing new.
  private let failureLimit = 20

  init(area: String, folder: String, first: UInt64) {
    (self.area, self.folder, self.first) = (area, folder, first)
  }

  func run(seconds: Double) throws -> (cases: UInt64, failures: [Failure]) {
    let deadline = Date(timeIntervalSinceNow: seconds)
    var next = first
    var failures: [Failure] = []
    while deadline.timeIntervalSinceNow > 0, failures.count < failureLimit {
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let child = Process()
      child.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      child.arguments = [
        "--area", area, "--seed", String(next), "--seconds", String(deadline.timeIntervalSinceNow), "--worker-folder", folder,
      ]
      try child.run()
      var (seen, since) = (next, Date())
      while child.isRunning {
        usleep(20_000)
        let now = seedInHand() ?? next
        if now != seen { (seen, since) = (now, Date()) }
        if Date().timeIntervalSince(since) > Fuzz.hangSeconds {
          failures.append(Failure(seed: seen, what: "no end after \(Int(Fuzz.hangSeconds)) s"))
          kill(child.processIdentifier, SIGKILL)
          break
        }
      }
      child.waitUntilExit()
      seen = seedInHand() ?? next
      if child.terminationReason == .uncaughtSignal, child.terminationStatus != SIGKILL {
        failures.append(Failure(seed: seen, what: "signal \(child.terminationStatus)"))
      } else if child.terminationReason == .exit, child.terminationStatus != 0 {
        failures.append(Failure(seed: seen, what: "exit status \(child.terminationStatus)"))
      }
      next = seen + 1
    }
    return (next - first, failures)
  }

  private func seedInHand() -> UInt64? {
    guard let bytes = FileManager.default.contents(atPath: folder + "/.seed"), bytes.count >= 8 else { return nil }
    return bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
  }
}
