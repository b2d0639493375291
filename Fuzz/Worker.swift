import Foundation

/// Runs cases one after the other in this process, and says in a file which one it is at.
struct Worker {
  let area: any Area.Type
  let folder: String
  /// Its first eight bytes are the seed in hand.
  let stateFile: String

  /// More than any case needs; beyond it an allocation fails.
  static let memoryByteLimit = 3 << 30

  func run(seeds: some Sequence<UInt64>, until deadline: Date) throws {
    var limit = rlimit(rlim_cur: rlim_t(Self.memoryByteLimit), rlim_max: rlim_t(Self.memoryByteLimit))
    setrlimit(__rlimit_resource_t(9), &limit)  // RLIMIT_AS
    let state = open(stateFile, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    defer { close(state) }
    let area = try area.init(folder: folder)
    for seed in seeds {
      var number = seed
      pwrite(state, &number, 8, 0)
      var random = SeededRandom(seed: seed)
      _ = try? area.run(&random)
      if Date() >= deadline { return }
    }
  }
}
