import Diagnostics
import Foundation
import Geometry
import JobStore
import Output
import Planning

/// Merges the logs of an order's tasks into the job database: at any time, also while tasks run, as often as one likes.
/// Each log is read from where it was left; how far is recorded with what it said, in one transaction.
package struct Collector {
  package struct Report: Sendable {
    package var order: OrderRecord?
    package var logs = OrderLogs()
    /// Newly settled.
    package var settledBlocks = 0
    /// Logs that end in something that is no whole record: being written, torn, or damaged.
    package var tornLogs = 0
    /// Whether the order's folder is gone, and with it what was not collected before.
    package var isOrderGone = false
    package var state: JobState
  }

  private let store: JobStore
  /// Logs read before they are merged, in bytes.
  private static let batchByteCount = 16 << 20

  package init(store: JobStore) { self.store = store }

  /// - Parameter allowsGone: go on where the order's folder is not there any more, from which nothing can come.
  package func collect(_ selector: String?, allowsGone: Bool = false) throws -> Report {
    let record = try store.job(selector)
    guard let order = try store.openOrder(of: record.id) else {
      return Report(order: try store.orders(of: record.id).last, state: record.state)
    }
    let (details, output) = try record.openOutput()
    if let foreign = output.foreignness() { throw JobError.changed(job: record.title, differences: [foreign]) }
    var report = Report(order: order, state: record.state)
    guard try WorkOrder.isThere(order.path) else {
      guard allowsGone else {
        throw JobError.output(
          "the work order \(order.path) of job \(record.id) is not there",
          hint: "bring its folder back, or mount its disk; or `blockfuse order \(record.id) --withdraw` takes the order back, and what was not collected is done again")
      }
      report.isOrderGone = true
      report.logs = try store.logs(of: order.id)
      return report
    }
    let begun = Date()
    let positions = try store.logPositions(of: order.id)
    var batch: [LogNews] = []
    var byteCount = 0
    func merge() throws {
      report.settledBlocks += try store.merge(batch, of: order)
      (batch, byteCount) = ([], 0)
    }
    for (level, layout) in details.plan.levels.enumerated() {
      let bricks = BrickLayout(grid: layout.grid.count)
      for count in try WorkOrder.shareCounts(order.path, level: level) {
        let folder = "level-\(level)/of-\(count)"
        for task in try WorkOrder.names(in: "\(order.path)/\(folder)").sorted() {
          for name in try WorkOrder.names(in: "\(order.path)/\(folder)/\(task)").sorted() where name.hasSuffix(".log") {
            let log = "\(folder)/\(task)/\(name)"
            let (news, isTorn) = try read(log, from: positions[log] ?? 0, level: level, bricks, order)
            if isTorn { report.tornLogs += 1 }
            guard let news else { continue }
            batch.append(news)
            byteCount += news.read.count
            if byteCount >= Self.batchByteCount { try merge() }
          }
        }
      }
    }
    try merge()
    try store.markCollected(order.id, at: begun)
    report.logs = try store.logs(of: order.id)
    report.state = try finish(record, output, order)
    return report
  }

  /// What is new in a log; nil where nothing is.
  private func read(
    _ name: String, from position: Int, level: Int, _ layout: BrickLayout, _ order: OrderRecord
  ) throws -> (LogNews?, isTorn: Bool) {
    var tail = LogTail(path: "\(order.path)/\(name)", position: position)
    var bricks: [Int: LogNews.Brick] = [:]
    var (empty, newest, hasEnded, isForeign) = ([Range<Int>](), Date?.none, false, false)
    func change(_ place: BlockPlace, _ body: (inout LogNews.Brick, Int) -> Void) {
      guard (0..<layout.count).contains(place.brick) else { return }
      let count = layout.extent(place.brick).product
      guard place.index < count else { return }
      body(&bricks[place.brick, default: LogNews.Brick(count: count)], place.index)
    }
    try tail.read { record in
      hasEnded = false
      switch record {
      case .header(let header): isForeign = header.order != order.uuid || header.level != level
      case .settled(let at, let blocks):
        newest = max(newest ?? at, at)
        for block in blocks {
          change(block.place) { brick, index in
            if block.isEmpty { brick.empty[index] = true } else { brick.done[index] = true }
            if let sum = block.checksum { brick.checksums[index] = sum }
          }
        }
      case .failed(let block):
        change(block.place) { brick, index in
          brick.failures[index] = LogNews.Failure(
            code: block.code, message: block.message, at: Date(milliseconds: block.at))
        }
      case .emptyBricks(let at, let runs):
        newest = max(newest ?? at, at)
        empty += runs.map { $0.clamped(to: 0..<layout.count) }
      case .taken: break
      case .ended(let at, _):
        newest = max(newest ?? at, at)
        hasEnded = true
      }
    }
    let isTorn = tail.restByteCount > 0
    guard !isForeign, tail.position > position else { return (nil, isTorn) }
    var news = LogNews(name: name, level: level, read: position..<tail.position)
    (news.newestAt, news.hasEnded, news.bricks, news.emptyBricks) = (newest, hasEnded, bricks, empty)
    return (news, isTorn)
  }

  /// Gives the job the state that its blocks say, and ends it where all are settled.
  private func finish(_ job: JobRecord, _ output: OutputFolder, _ order: OrderRecord) throws -> JobState {
    let id = job.id
    // whoever runs it decides at its end
    guard try store.holders(of: id).isEmpty else { return .running }
    let counts = try store.levels(of: id).map(\.counts)
    if counts.allSatisfy(\.isSettled) {
      try output.held(by: job.title).finish(job: job.title)
      try store.setState(id, .complete)
      try store.closeOrder(order.id)
      return .complete
    }
    let state = JobState(of: counts, before: job.state)
    if state != job.state { try store.setState(id, state) }
    return state
  }
}

extension JobState {
  /// Of a job that nobody runs, by the blocks of its levels; as `before` where none was ever touched.
  init(of levels: [BlockCounts], before: JobState) {
    guard let lowest = levels.first(where: { !$0.isSettled }) else {
      self = .complete
      return
    }
    let isFailed = lowest.pending == 0 && lowest.failed > 0
    let isBegun = levels.contains { $0.settled + $0.failed > 0 }
    self = isFailed ? .failed : isBegun ? .interrupted : before
  }
}
