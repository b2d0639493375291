import Diagnostics
import Files
import Foundation
import Geometry
import JobStore
import Orders
import Planning

/// Into how many shares a job is cut, where nobody says so: as before, by a file beside the order's logs.
extension SlurmJobs {
  static func taskCountFile(_ order: String) -> String { "\(order)/slurm/tasks" }

  func remember(_ tasks: Int, _ order: String) throws(JobError) {
    let path = Self.taskCountFile(order)
    do {
      try Data("\(tasks)\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .output("cannot write \(path): \(errorWords(error))", hint: "check its permissions, and the space there")
    }
  }

  /// As asked for, or as before; nil where neither is known.
  ///
  /// - Parameter active: of all orders.
  func taskCount(_ request: Request, _ orders: [OrderRecord], _ active: [SlurmQueue.Task]) throws -> Int? {
    if let tasks = request.tasks { return tasks }
    for order in orders.reversed() {
      let bytes = try? FileBytes.read(Self.taskCountFile(order.path), limit: 1000)
      let text = bytes.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
      if let tasks = text.flatMap({ Int($0) }), (1...1_000_000).contains(tasks) {
        return tasks
      }
    }
    for order in orders.reversed() {
      let prefix = SlurmScript.namePrefix(order)
      let counts = active.compactMap { SlurmScript.place(ofName: $0.name, prefix: prefix)?.shareCount }
      if let tasks = try counts.max() ?? WorkOrder.shareCounts(order.path, level: 0).last { return tasks }
    }
    return nil
  }

  /// A number that fits what the job costs.
  func proposed(_ request: Request, _ lowest: LevelLayout, costs: [(brick: Int, costs: [UInt32])]) -> Int {
    SlurmExpectation.tasks(
      coreSeconds: BlockCosts.coreSeconds(costs), cpus: request.cpus, limit: request.time.flatMap(SlurmScript.length),
      blocks: MissingShares.shareCount(lowest, tasks: .max))
  }

  /// What a submission is expected to take.
  func expectation(
    _ request: Request, _ plan: SlurmPlan, costs: (Int) throws -> [(brick: Int, costs: [UInt32])]
  ) rethrows -> SlurmExpectation {
    var expected = SlurmExpectation(cpus: request.cpus)
    for level in plan.levels {
      // shares cost about the same
      let share = Double(level.missing.count) / Double(level.shareCount)
      expected.add(
        coreSeconds: try BlockCosts.coreSeconds(costs(level.level)) * share, tasks: min(level.missing.count, request.atOnce ?? .max))
    }
    return expected
  }

  /// What runs or waits was cut in the same way, or some blocks would be done by nobody.
  func check(_ active: [SlurmQueue.Task], _ prefix: String, _ levels: [LevelLayout], _ tasks: Int, _ job: JobID) throws(JobError) {
    for place in active.compactMap({ SlurmScript.place(ofName: $0.name, prefix: prefix) }) {
      guard levels.indices.contains(place.level),
        place.shareCount != MissingShares.shareCount(levels[place.level], tasks: tasks)
      else { continue }
      throw .invalid(
        what: "tasks of \(place.shareCount) on level \(place.level) of job \(job) still run or wait",
        hint: "leave out --tasks to keep that number; or wait, or `blockfuse slurm \(job) --cancel`, and submit again")
    }
  }
}
