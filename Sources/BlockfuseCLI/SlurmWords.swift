/// The words of a `slurm` command that are none of its options: the job, and what is passed on to `sbatch`.
struct SlurmWords {
  /// Nil: the newest.
  private(set) var job: String?
  private(set) var passed: [String] = []

  /// What would break the order of the arrays.
  private static let own = [
    "--array", "-a", "--dependency", "-d", "--job-name", "-J", "--parsable", "--wait", "-W", "--wrap", "--kill-on-invalid-dep",
    "--test-only",
  ]

  /// The first word without a dash is the job; all that comes after two dashes is for `sbatch`.
  init(_ words: [String]) {
    let own = words.prefix { $0 != "--" }
    for word in own {
      if job == nil, !word.hasPrefix("-") { job = word } else { passed.append(word) }
    }
    passed += words.dropFirst(own.count + 1)
  }

  /// One that is set here, as it was typed; `sbatch` also takes `-a0-1`, and long names that are cut short.
  var forbidden: String? {
    for word in passed {
      let name = word.prefix { $0 != "=" }
      let isLong = word.hasPrefix("--") && name.count > 2
      let isOwn =
        isLong
        ? Self.own.contains { $0.hasPrefix(name) }
        : word.hasPrefix("-") && !word.hasPrefix("--") && Self.own.contains(String(word.prefix(2)))
      if isOwn { return String(name) }
    }
    return nil
  }
}
