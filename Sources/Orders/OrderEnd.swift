import Engine
import Foundation
import Geometry
import JobStore
import Output
import Planning

/// What the tasks of an order have done, by the order and their logs alone: for the end of a cluster's jobs on a host
/// that does not see the job database. Where all is settled the output gets its final metadata.
package struct OrderEnd {
  /// How far the tasks have come.
  package struct Standing: Sendable {
    /// By level.
    package fileprivate(set) var levels: [BlockCounts] = []
    package var isComplete: Bool { levels.allSatisfy(\.isSettled) }
    /// What `collect` would record.
    package var state: JobState { JobState(of: levels, before: .pending, after: .collected) }
  }

  private let order: WorkOrder

  /// The order's folder.
  package var path: String { order.path }
  package var job: JobID { order.job.id }

  package init(order path: String) throws { order = try WorkOrder(path: path) }

  /// Whether a job's number or name is that of the order's job.
  package func isOf(job selector: String) -> Bool { (try? order.store.job(selector).id) == job }

  /// Whether a database has the record of this order's job.
  package func isRecorded(in store: JobStore) throws -> Bool {
    guard let known = try? store.orders(of: job) else { return false }
    return known.contains { $0.uuid == order.record.uuid }
  }

  package func standing() throws -> Standing {
    let job = try LoadedJob(order.job)
    if let foreign = try job.output.foreignness() { throw job.error(foreignOutput: foreign) }
    var standing = Standing()
    var coarsest: LoggedLevel?
    for layout in job.plan.levels {
      let logged = try LoggedLevel(level: layout.level, grid: layout.grid, order: order)
      let bricks = IndexSet(0..<logged.layout.count)
      try logged.readAll(of: bricks)
      var counts = BlockCounts()
      for brick in bricks {
        counts.total += logged.layout.extent(brick).product
        switch try logged.brick(brick) {
        case .empty: counts.empty += logged.layout.extent(brick).product
        case .bits(let bits):
          counts.done += bits.done.population
          counts.empty += bits.empty.population
          counts.failed += bits.failed.population
        }
      }
      standing.levels.append(counts)
      coarsest = logged
    }
    if standing.isComplete {
      let hold = try OutputHold.take(job.output, of: order.store.identity(), database: nil, for: .task, note: { _ in })
      try withExtendedLifetime(hold) {
        try Retry.standard.transient {
          try job.output.held(by: job.title).finish(job: job.title) { try coarsest?.state(of: $0) == .done }
        }
      }
    }
    return standing
  }
}
