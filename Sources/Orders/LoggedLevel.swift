import Foundation
import Geometry
import JobStore
import Planning
import Store

/// The blocks of one level as the work order says and as logs have said since. Logs are read share by share, as they are
/// needed. Not for several threads.
final class LoggedLevel {
  /// The blocks of a brick. Most bricks of a sparse output are empty as a whole.
  enum Brick {
    case empty
    case bits(BrickBits)
  }

  /// The logs of one share.
  struct Share: Hashable {
    let share: Int
    let count: Int
  }

  private struct FollowedLog {
    var tail: LogTail
    var said: FoldedLog
    var grewAt: Double
  }

  let level: Int
  let layout: BrickLayout
  let grid: BlockGrid
  private let order: WorkOrder
  private let costs: [(brick: Int, costs: [UInt32])]
  private var bricks: [Int: Brick] = [:]
  /// Bricks whose row in the order was looked at.
  private var loaded = IndexSet()
  private var logs: [Share: [String: FollowedLog]] = [:]
  private var maps: [Int: ShareMap] = [:]
  /// Bricks for which the logs of all shares were read.
  private var covered = IndexSet()
  /// Whether this process writes the log of a name, and so need not read it.
  private let isOwn: (String) -> Bool

  init(level: Int, grid: BlockGrid, order: WorkOrder, isOwn: @escaping (String) -> Bool = { _ in false }) throws {
    (self.level, self.grid, self.order, self.isOwn) = (level, grid, order, isOwn)
    layout = BrickLayout(grid: grid.count)
    costs = try order.store.costs(level: level)
    guard costs.allSatisfy({ (0..<layout.count).contains($0.brick) }) else {
      throw JobError.unexpected("the work order \(order.path) has costs of bricks that are not there")
    }
  }

  func shares(_ count: Int) -> ShareMap {
    if let map = maps[count] { return map }
    let map = ShareMap(layout, costs: costs, count: count)
    maps[count] = map
    return map
  }

  // MARK: bricks

  func brick(_ number: Int) throws -> Brick {
    if !loaded.contains(number) { try load(number..<number + 1) }
    return bricks[number] ?? .bits(BrickBits(count: layout.extent(number).product))
  }

  /// Reads what the order says of bricks, once.
  func load(_ range: Range<Int>) throws {
    for missing in IndexSet(integersIn: range).subtracting(loaded).rangeView {
      try order.store.eachBrick(of: order.job.id, level: level, in: missing) { number, bits in
        // a log may have been read before
        join(number, bits)
      }
      loaded.insert(integersIn: missing)
    }
  }

  func isUntouched(_ number: Int) throws -> Bool {
    try load(number..<number + 1)
    return bricks[number] == nil
  }

  func state(of position: TCZYX) throws -> BlockState {
    let number = layout.number(of: position)
    guard case .bits(let bits) = try brick(number) else { return .empty }
    return BrickPlace(number, in: layout).index(of: position).map(bits.state) ?? .pending
  }

  /// Takes in the records that this process has written into a log of its own.
  func add(_ records: [LogRecord]) {
    var log = emptyLog
    for record in records { log.add(record) }
    takeNews(of: &log)
  }

  private var emptyLog: FoldedLog { FoldedLog(order: order.record.uuid, level: level, layout: layout) }

  private func takeNews(of log: inout FoldedLog) {
    guard let (news, emptyBricks) = log.takeNews() else { return }
    for (number, brick) in news { join(number, brick.bits) }
    for number in emptyBricks.joined() {
      guard case .bits(var bits)? = bricks[number] else {
        bricks[number] = .empty
        continue
      }
      bits.settleEmpty()
      bricks[number] = bits.empty.isFull ? .empty : .bits(bits)
    }
  }

  private func join(_ number: Int, _ news: BrickBits) {
    var now: BrickBits
    switch bricks[number] {
    case nil: now = news
    case .bits(let known):
      now = known
      now.formUnion(news)
    case .empty:
      if news.done.population == 0 { return }
      now = BrickBits(count: news.count)
      now.settleEmpty()
      now.formUnion(news)
    }
    bricks[number] = now.empty.isFull ? .empty : .bits(now)
  }

  // MARK: logs

  /// Reads what is new in the logs of a share.
  func read(_ share: Share) throws {
    let folder = WorkOrder.shareFolder(level: level, share: share.share, of: share.count)
    let grows = Place(order.path).store.abilities.contains(.appends)
    var known = logs[share] ?? [:]
    logs[share] = nil
    defer { logs[share] = known }
    for name in try WorkOrder.names(in: "\(order.path)/\(folder)") where name.hasSuffix(".log") && !isOwn(name) {
      // what cannot grow is read once
      if !grows, let log = known[name], log.tail.restByteCount == 0 { continue }
      let now = ProcessInfo.processInfo.systemUptime
      var log =
        known[name]
        ?? FollowedLog(tail: LogTail(path: "\(order.path)/\(folder)/\(name)"), said: emptyLog, grewAt: now)
      let before = log.tail.position
      var said = log.said
      try log.tail.read { said.add($0) }
      takeNews(of: &said)
      log.said = said
      if log.tail.position > before { log.grewAt = now }
      known[name] = log
    }
  }

  /// Whether the task whose share it is has begun with it, by the logs that were read.
  func isBegun(_ share: Share) -> Bool {
    (logs[share] ?? [:]).values.contains { $0.said.writer == share.share }
  }

  /// The blocks of a brick that other processes have in hand. With `staleSeconds`, those of a log that has not grown for
  /// so long are left out: their process is dead, or slow.
  func inHand(_ brick: Int, of share: Share, staleSeconds: Double?) -> Set<Int> {
    var all: Set<Int> = []
    let now = ProcessInfo.processInfo.systemUptime
    for log in (logs[share] ?? [:]).values {
      if let staleSeconds, now - log.grewAt >= staleSeconds { continue }
      all.formUnion(log.said.inHand(brick))
    }
    return all
  }

  /// Reads the logs of all shares that have blocks of some bricks, however tasks were cut; with `again`, anew.
  func readAll(of bricks: IndexSet, again: Bool = false) throws {
    // sets of numbers are slow to subtract, and this is asked for each block
    if !again, bricks.allSatisfy(covered.contains) { return }
    let unread = again ? bricks : bricks.subtracting(covered)
    if unread.isEmpty { return }
    for range in unread.rangeView { try load(range) }
    for count in try WorkOrder.shareCounts(order.path, level: level) {
      let map = shares(count)
      var needed = IndexSet()
      for brick in unread { needed.insert(integersIn: map.shares(of: brick)) }
      for share in needed {
        let id = Share(share: share, count: count)
        if again || logs[id] == nil { try read(id) }
      }
    }
    covered.formUnion(unread)
  }

  /// Reads what is new in all logs that matter for the bricks that were asked for so far.
  func readAgain() throws { try readAll(of: covered, again: true) }
}
