import ArgumentParser
import Diagnostics
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
        fuzz --replay Tests/Fixtures/Fuzz/corpus.txt
      """)

  @Option(help: "For how long, all areas together.") var seconds = 10.0
  @Option(help: "Where the seeds begin. Default: by the time of day.") var seed: UInt64?
  @Option(help: "One area only.") var area: String?
  @Option(help: "One case only, in this process.") var only: UInt64?
  @Option(help: "A file that gets a line for each case whose answer was new.") var corpus: String?
  @Option(help: "Only the cases of such a file.") var replay: String?
  @Option(help: .hidden) var workerFolder: String?

  /// What a child is told beside its area and seeds.
  private var more: [String] { (corpus.map { ["--corpus", $0] } ?? []) + (replay.map { ["--replay", $0] } ?? []) }

  /// A case takes milliseconds of a processor. Where it takes none, it may be that others have the processors.
  static let (hangSeconds, stuckSeconds) = (20.0, 300.0)

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
      let worker = Worker(area: areas[0], folder: workerFolder, stateFile: workerFolder + "/.seed", corpus: corpus)
      if let replay {
        return try worker.run(seeds: Corpus.seeds(replay, area: areas[0].name).filter { $0 >= first }, until: .distantFuture)
      }
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
      let seeds = replay.map { Corpus.seeds($0, area: area.name) }
      let supervisor = Supervisor(area: area.name, folder: folder, first: seeds.map { $0.first ?? 0 } ?? first, more: more)
      var result = try supervisor.run(seconds: seeds == nil ? seconds / Double(areas.count) : .infinity)
      if let seeds { result.cases = UInt64(seeds.count) }
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
  private let more: [String]
  /// More of the same tell nothing new.
  private let failureLimit = 20

  init(area: String, folder: String, first: UInt64, more: [String]) {
    (self.area, self.folder, self.first, self.more) = (area, folder, first, more)
  }

  func run(seconds: Double) throws -> (cases: UInt64, failures: [Failure]) {
    let deadline = seconds.isFinite ? Date(timeIntervalSinceNow: seconds) : .distantFuture
    var next = first
    var failures: [Failure] = []
    while deadline.timeIntervalSinceNow > 0, failures.count < failureLimit {
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let child = Process()
      child.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      child.arguments =
        [
          "--area", area, "--seed", String(next), "--seconds", String(deadline.timeIntervalSinceNow), "--worker-folder", folder,
        ] + more
      try child.run()
      var (seen, busyBefore, waits) = (next, 0.0, 0)
      while child.isRunning {
        usleep(20_000)
        // counted, not measured: the time in which this process is stopped as well is no sign
        waits += 1
        let (now, busy) = (seedInHand() ?? next, busySeconds(child.processIdentifier))
        if now != seen { (seen, busyBefore, waits) = (now, busy, 0) }
        if busy - busyBefore > Fuzz.hangSeconds || Double(waits) * 0.02 > Fuzz.stuckSeconds {
          failures.append(Failure(seed: seen, what: "no end after \(Int(Double(waits) * 0.02)) s"))
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
      if child.terminationReason == .exit, child.terminationStatus == 0 { break }
    }
    return (next - first, failures)
  }

  /// Of processor time, all threads together.
  private func busySeconds(_ process: Int32) -> Double {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private func seedInHand() -> UInt64? {
    guard let bytes = FileManager.default.contents(atPath: folder + "/.seed"), bytes.count >= 8 else { return nil }
    return bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
  }
}
