/// The options of `sbatch` for the collecting end, made of those that the user gave for tasks: the same partition, account and
/// so on, but one CPU, little memory and minutes. It merges logs; what a task needs would only keep it waiting.
struct EndOptions {
  let words: [String]

  /// Minutes are enough for the logs of the largest jobs; where they are not, `blockfuse collect` is run by hand.
  static let minutes = 30
  private static let megabytes = 2048

  /// What says how much of a node a task takes, or for how long.
  private static let long = [
    "cpus-per-task", "ntasks", "ntasks-per-node", "ntasks-per-core", "ntasks-per-socket", "ntasks-per-gpu", "nodes", "mincpus", "mem",
    "mem-per-gpu", "gres", "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "cpus-per-gpu", "exclusive", "time",
    "time-min", "tmp", "cores-per-socket", "sockets-per-node", "threads-per-core", "extra-node-info",
  ]
  private static let short = ["c": "cpus-per-task", "n": "ntasks", "N": "nodes", "G": "gpus", "t": "time", "B": "extra-node-info"]

  init(_ options: [String]) {
    var kept: [String] = []
    var (time, memory): (String?, String?)
    var at = 0
    while at < options.count {
      let word = options[at]
      at += 1
      guard let (name, value) = Self.resource(word) else {
        kept.append(word)
        continue
      }
      var given = value
      // the value may be a word of its own
      if given == nil, name != "exclusive", at < options.count, !options[at].hasPrefix("-") {
        given = options[at]
        at += 1
      }
      if name == "time" { time = given }
      if name == "mem" { memory = given }
    }
    var own = ["--ntasks=1", "--cpus-per-task=1"]
    // no longer than tasks may, whose limit may be that of the partition
    let isShorter = time.flatMap(SlurmScript.length).map { $0 < Self.minutes * 60 } ?? false
    own.append("--time=\(isShorter ? time ?? "" : "\(Self.minutes)")")
    if let memory { own.append("--mem=\((Self.megabytes(memory) ?? 0) < Self.megabytes ? memory : "\(Self.megabytes)M")") }
    words = own + kept
  }

  /// The resource that a word asks for, and how much where that is in the same word; `sbatch` takes long names cut short, too.
  private static func resource(_ word: String) -> (name: String, value: String?)? {
    if word.hasPrefix("--") {
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let name = parts.first, name.count > 2 else { return nil }
      let known = long.first { $0 == name } ?? long.first { $0.hasPrefix(name) }
      return known.map { ($0, parts.count > 1 ? parts[1] : nil) }
    }
    guard word.hasPrefix("-"), let name = short[String(word.dropFirst().prefix(1))] else { return nil }
    let value = String(word.dropFirst(2))
    return (name, value.isEmpty ? nil : value)
  }

  /// As Slurm reads a size: `16G`, or a number of megabytes.
  private static func megabytes(_ text: String) -> Int? {
    let unit = text.last.flatMap { ["K": 0, "M": 1, "G": 1024, "T": 1_048_576][$0.uppercased()] }
    guard let number = Int(unit == nil ? text : String(text.dropLast())) else { return nil }
    return number.multipliedReportingOverflow(by: unit ?? 1).overflow ? nil : number * (unit ?? 1)
  }
}
