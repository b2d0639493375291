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
      throw .output("cannot write \(path): \(error.localizedDescription)", hint: "check its permissions, and the space there")
    }
  }

  /// - Parameter active: of all orders.
  func taskCount(_ request: Request, _ orders: [OrderRecord], _ active: [SlurmQueue.Task]) throws -> Int {
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
    throw JobError.invalid(what: "into how many tasks is the job to be cut?", hint: "give --tasks, such as --tasks 100")
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
