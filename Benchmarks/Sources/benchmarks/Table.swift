import Foundation

/// What was measured, as a table with the date and the facts of the machine.
struct Table {
  private var text = ""
  private(set) var isGood = true

  init(machine: [String]) {
    let date = Date.now.formatted(.iso8601.year().month().day())
    text = "# Benchmarks, \(date)\n\n" + machine.map { "- \($0)\n" }.joined()
    text +=
      "\nCodecs, kernels and the search for views: one thread, CPU time, the best of many rounds that take turns with what they are compared to. The job database: by the clock, on a disk.\n"
  }

  mutating func section(_ title: String, _ columns: [String]) {
    text += "\n## \(title)\n\n| \(columns.joined(separator: " | ")) |\n"
    text += "|---|" + String(repeating: "---:|", count: columns.count - 1) + "\n"
    print("\n\(title): \(columns.joined(separator: ", "))")
  }

  mutating func row(_ cells: [String]) {
    text += "| \(cells.joined(separator: " | ")) |\n"
    print("  " + cells.joined(separator: "   "))
  }

  /// Marks a ratio that is below its limit.
  mutating func ratio(_ value: Double, atLeast limit: Double) -> String {
    if value < limit { isGood = false }
    return String(format: value < limit ? "%.2f (below %.1f)" : "%.2f", value, limit)
  }

  /// No earlier one is overwritten.
  func write(to folder: String) throws -> String {
    let date = Date.now.formatted(.iso8601.year().month().day())
    var path = folder + "/\(date).md"
    var number = 2
    while FileManager.default.fileExists(atPath: path) {
      path = folder + "/\(date)-\(number).md"
      number += 1
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }
}

/// The machine's facts.
func machine() -> [String] {
  func line(_ path: String, _ key: String) -> String? {
    let lines = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
    return lines.first { $0.hasPrefix(key) }?.split(separator: ":", maxSplits: 1).last?
      .trimmingCharacters(in: .whitespaces)
  }
  let info = ProcessInfo.processInfo
  let memory = String(format: "%.0f GiB", Double(info.physicalMemory) / Double(1 << 30))
  return [
    "processor: \(line("/proc/cpuinfo", "model name") ?? "unknown"), \(info.activeProcessorCount) cores", "memory: \(memory)",
    "system: \(info.operatingSystemVersionString)",
  ]
}

/// CPU seconds of this thread.
func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The best of several rounds of each body, in turn, so that a change of the clock hits all alike; each second round
/// goes backwards, since what ran before decides what is in the caches.
func bestSeconds(rounds: Int, _ bodies: [() throws -> Void]) throws -> [Double] {
  var best = [Double](repeating: .infinity, count: bodies.count)
  for round in 0..<rounds {
    for i in round % 2 == 0 ? Array(bodies.indices) : bodies.indices.reversed() {
      try bodies[i]()
      let start = cpuSeconds()
      try bodies[i]()
      best[i] = min(best[i], cpuSeconds() - start)
    }
  }
  return best
}

func rate(_ byteCount: Int, _ seconds: Double) -> String { String(format: "%.2f", Double(byteCount) / seconds / 1e9) }

/// By the clock on the wall, with the disk's part in it.
func wallSeconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  let time = (ContinuousClock.now - start).components
  return Double(time.seconds) + Double(time.attoseconds) * 1e-18
}
