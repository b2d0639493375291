import Foundation

/// Runs cases one after the other in this process, and says in a file which one it is at.
struct Worker {
  let area: any Area.Type
  let folder: String
  /// Its first eight bytes are the seed in hand.
  let stateFile: String
  /// Where seeds with new answers are noted.
  var corpus: String?

  /// More than any case needs; beyond it an allocation fails.
  static let memoryByteLimit = 3 << 30

  func run(seeds: some Sequence<UInt64>, until deadline: Date) throws {
    // a sanitizer's own maps are larger than any limit
    if ProcessInfo.processInfo.environment["BLOCKFUSE_TEST_SANITIZER"] == nil {
      var limit = rlimit(rlim_cur: rlim_t(Self.memoryByteLimit), rlim_max: rlim_t(Self.memoryByteLimit))
      setrlimit(__rlimit_resource_t(9), &limit)  // RLIMIT_AS
    }
    let state = open(stateFile, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    defer { close(state) }
    let name = area.name
    let area = try area.init(folder: folder)
    var corpus = corpus.map { Corpus(path: $0, area: name) }
    for seed in seeds {
      var number = seed
      pwrite(state, &number, 8, 0)
      var random = SeededRandom(seed: seed)
      let end = Result { try area.run(&random) }
      if corpus != nil {
        if case .failure(let error) = end { try corpus?.note(seed, error) } else { try corpus?.note(seed, nil) }
      }
      if Date() >= deadline { return }
    }
  }
}
