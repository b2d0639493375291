import Diagnostics
import Engine
import Foundation
import Geometry
import JobStore
import Output
import Planning

/// Merges the logs of an order's tasks into the job database: at any time, also while tasks run, as often as one likes.
/// Each log is read from where it was left; how far is recorded with what it said, in one transaction.
package struct Collector {
  private let store: JobStore
  /// Logs read before they are merged, in bytes.
  private static let batchByteCount = 16 << 20

  package init(store: JobStore) { self.store = store }

  /// - Parameter allowsGone: go on where the order's folder is not there any more, from which nothing can come.
  package func collect(_ selector: String?, allowsGone: Bool = false) throws -> CollectedOrder {
    let record = try store.job(selector)
    guard let order = try store.openOrder(of: record.id) else {
      return CollectedOrder(order: try store.orders(of: record.id).last, state: record.state)
    }
    let job = try LoadedJob(record)
    if let foreign = try job.output.foreignness() { throw job.error(foreignOutput: foreign) }
    try OutputHold.checkOwner(of: job.output, by: store)
    guard try WorkOrder.isThere(order.path) else {
      guard allowsGone else {
        throw JobError.output(
          "the work order \(order.path) of job \(record.id) is not there",
          hint:
            "bring its folder back, or mount its disk; or `blockfuse order \(record.id) --withdraw` takes the order back, and what was not collected is done again"
        )
      }
      return CollectedOrder(order: order, state: record.state, logs: try store.logs(of: order.id), isOrderGone: true)
    }
    let begun = Date()
    let (settledBlocks, tornLogs) = try mergeLogs(of: order, job)
    try store.markCollected(order.id, at: begun)
    let logs = try store.logs(of: order.id)
    return CollectedOrder(
      order: order, state: try finish(job, order), logs: logs, settledBlocks: settledBlocks, tornLogs: tornLogs)
  }

  /// Merges what is new in the logs of all levels. Returns the blocks that it settled, and the logs with a torn end.
  private func mergeLogs(of order: OrderRecord, _ job: LoadedJob) throws -> (settledBlocks: Int, tornLogs: Int) {
    let positions = try store.logPositions(of: order.id)
    var (settledBlocks, tornLogs) = (0, 0)
    var batch: [LogNews] = []
    var byteCount = 0
    func merge() throws {
      settledBlocks += try store.merge(batch, of: order)
      (batch, byteCount) = ([], 0)
    }
    for (level, layout) in job.plan.levels.enumerated() {
      let bricks = BrickLayout(grid: layout.grid.count)
      for log in try logs(of: order, level: level) {
        let (news, isTorn) = try read(log, from: positions[log] ?? 0, level: level, bricks, order)
        if isTorn { tornLogs += 1 }
        guard let news else { continue }
        batch.append(news)
        byteCount += news.read.count
        if byteCount >= Self.batchByteCount { try merge() }
      }
    }
    try merge()
    return (settledBlocks, tornLogs)
  }

  /// The logs of a level, by their paths in the order's folder.
  private func logs(of order: OrderRecord, level: Int) throws -> [String] {
    try WorkOrder.shareCounts(order.path, level: level).flatMap { count in
      let folder = "level-\(level)/of-\(count)"
      return try WorkOrder.names(in: "\(order.path)/\(folder)").sorted().flatMap { task in
        try WorkOrder.names(in: "\(order.path)/\(folder)/\(task)").sorted().filter { $0.hasSuffix(".log") }
          .map { "\(folder)/\(task)/\($0)" }
      }
    }
  }

  /// Everything that is new in a log; nil if nothing is.
  private func read(
    _ name: String, from position: Int, level: Int, _ layout: BrickLayout, _ order: OrderRecord
  ) throws -> (LogNews?, isTorn: Bool) {
    var tail = LogTail(path: "\(order.path)/\(name)", position: position)
    var log = FoldedLog(order: order.uuid, level: level, layout: layout)
    try tail.read { log.add($0) }
    let isTorn = tail.restByteCount > 0
    guard tail.position > position, let (bricks, emptyBricks) = log.takeNews() else { return (nil, isTorn) }
    let news = LogNews(
      name: name, level: level, read: position..<tail.position, newestAt: log.newestAt, hasEnded: log.hasEnded, bricks: bricks,
      emptyBricks: emptyBricks)
    return (news, isTorn)
  }

  /// Gives the job the state that its blocks say, and ends it where all are settled.
  private func finish(_ job: LoadedJob, _ order: OrderRecord) throws -> JobState {
    let id = job.record.id
    // whoever runs it decides at its end
    guard try store.holders(of: id).isEmpty else { return .running }
    let counts = try store.levels(of: id).map(\.counts)
    let state = JobState(of: counts, before: job.record.state, after: .collected)
    if state == .complete {
      let coarsest = job.plan.levels.count - 1
      try Retry.standard.transient {
        try job.output.held(by: job.title).finish(job: job.title) { block in
          let one = Box3(lower: block.zyx, upper: block.zyx &+ 1)
          return try store.states(of: id, level: coarsest, t: block.t, c: block.c, blocks: one) == [.done]
        }
      }
      try store.setState(id, .complete)
      try store.closeOrder(order.id)
      return .complete
    }
    if state != job.record.state { try store.setState(id, state) }
    return state
  }
}
