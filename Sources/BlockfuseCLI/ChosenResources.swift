import Diagnostics
import Files

/// How many workers and how much memory a command takes, and why: what its flags say, else what the process may use.
package struct ChosenResources: Sendable {
  package let workers: Int
  package let memoryByteCount: Int
  /// Phrases for people: where each number comes from.
  package let workersSource: String
  package let memorySource: String
  /// What is worth a warning: more was asked for than the system gives.
  package let notes: [String]

  /// The most that is taken where nobody set memory aside for this very job.
  private static let unaskedByteCount = 2 << 30
  /// The rest is for what is not counted: the system ends a process that uses more than it may.
  private static let memoryPercent = 60

  package init(workers: Int?, memoryByteCount: Int?, limits: ProcessLimits) {
    self.workers = workers ?? limits.processors.value
    workersSource = workers == nil ? limits.processors.source : "--workers"
    let limit = limits.memory
    let most = "\(byteText(limit.value)), which is \(limit.source)"
    let share = limit.value / 100 * Self.memoryPercent
    var notes: [String] = []
    if let memoryByteCount {
      self.memoryByteCount = memoryByteCount
      memorySource = "--memory"
      if memoryByteCount > limit.value {
        notes.append("--memory is \(byteText(memoryByteCount)), more than \(most): the system may end the process; give less")
      }
    } else if limits.isMemoryGranted || share < Self.unaskedByteCount {
      self.memoryByteCount = share
      memorySource = "\(Self.memoryPercent) % of \(most)"
    } else {
      self.memoryByteCount = Self.unaskedByteCount
      memorySource = "the default"
    }
    if let space = limits.addressSpace {
      notes.append(
        "the address space of the process is limited to \(byteText(space)) (`ulimit -v`), of which threads and libraries take a "
          + "part that --memory does not count; if memory runs out, raise that limit or give less --memory")
    }
    self.notes = notes
  }
}
