import Diagnostics
import Geometry

/// How long tasks are expected to take, by what blocks cost on the machine on which that was measured: good to a factor of two
/// or three, which is enough to choose a number of tasks and a limit.
package struct SlurmExpectation: Hashable, Sendable {
  /// Of what is submitted.
  package private(set) var coreSeconds = 0.0
  /// From the first task to the last, if all that may run at once do, and have the CPUs that were asked for.
  package private(set) var seconds = 0.0
  package let cpus: Int
  /// The most tasks of a level that run at once.
  package private(set) var tasks = 0

  init(cpus: Int) { self.cpus = max(1, cpus) }

  mutating func add(coreSeconds: Double, tasks: Int) {
    guard tasks > 0 else { return }
    self.coreSeconds += coreSeconds
    seconds += coreSeconds / Double(tasks * cpus)
    self.tasks = max(self.tasks, tasks)
  }

  package var text: String {
    "expects about \(Self.coreText(coreSeconds)): \(durationText(seconds)) with \(counted(tasks, "task")) of \(counted(cpus, "CPU")) at a time"
  }

  static func coreText(_ seconds: Double) -> String {
    let hours = seconds / 3600
    if hours < 1 { return counted(max(1, Int((seconds / 60).rounded())), "core minute") }
    return hours < 10 ? "\((hours * 10).rounded() / 10) core hours" : counted(Int(hours.rounded()), "core hour")
  }

  /// The number of tasks where nobody says it: tasks of about an hour, which lose little when one is killed and wait for no
  /// long gap in the queue; of half the limit, where that is shorter.
  ///
  /// - Parameters:
  ///   - coreSeconds: of level 0.
  ///   - limit: the seconds that a task may run.
  package static func tasks(coreSeconds: Double, cpus: Int, limit: Int?, blocks: Int) -> Int {
    let seconds = min(3600, limit.map { Double($0) / 2 } ?? 3600)
    let wanted = (coreSeconds / (Double(max(1, cpus)) * max(60, seconds))).rounded(.up)
    return max(1, min(Int(min(wanted, 1000)), blocks))
  }
}
