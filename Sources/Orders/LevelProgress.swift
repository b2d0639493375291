import Foundation
import Geometry
import JobStore
import Planning

/// What is known of the blocks of one level: what the work order says, and what logs have said since. Logs are read share
/// by share, as they are needed. Not for several threads.
final class LevelProgress {
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
    /// In hand, by what the log says, and not settled by it; by brick.
    var taken: [Int: Set<Int>] = [:]
    var hasEnded = false
    var isForeign = false
    /// The task that writes it: the share's own, or one that helps.
    var writer: Int?
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
  /// The logs that this process writes, which it need not read.
  var isOwn: (String) -> Bool = { _ in false }

  init(level: Int, grid: BlockGrid, order: WorkOrder) throws {
    (self.level, self.grid, self.order) = (level, grid, order)
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
        guard let known = bricks[number] else {
          bricks[number] = bits.empty.isFull ? .empty : .bits(bits)
          return
        }
        guard case .bits(var now) = known else { return }
        now.done.formUnion(bits.done)
        now.empty.formUnion(bits.empty)
        now.failed.formUnion(bits.failed)
        bricks[number] = .bits(now)
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
    guard let index = BrickPlace(number, in: layout).index(of: position) else { return .pending }
    if bits.done[index] { return .done }
    if bits.empty[index] { return .empty }
    return bits.failed[index] ? .failed : .pending
  }

  func settle(_ blocks: [SettledBlock]) {
    for block in blocks {
      change(block.place) { bits, index in
        if block.isEmpty { bits.empty[index] = true } else { bits.done[index] = true }
        bits.failed[index] = false
      }
    }
  }

  func fail(_ place: BlockPlace) {
    change(place) { bits, index in
      if !bits.done[index], !bits.empty[index] { bits.failed[index] = true }
    }
  }

  func settleEmpty(_ range: Range<Int>) {
    for number in range.clamped(to: 0..<layout.count) {
      guard case .bits(var bits)? = bricks[number] else {
        bricks[number] = .empty
        continue
      }
      var rest = bits.done
      rest.invert()
      bits.empty.formUnion(rest)
      bits.failed = Bitmap(count: rest.count)
      bricks[number] = bits.empty.isFull ? .empty : .bits(bits)
    }
  }

  private func change(_ place: BlockPlace, _ body: (inout BrickBits, Int) -> Void) {
    guard (0..<layout.count).contains(place.brick) else { return }
    switch bricks[place.brick] {
    case .empty: return
    case .bits(var bits):
      guard place.index < bits.done.count else { return }
      // not copied while it is changed
      bricks[place.brick] = nil
      body(&bits, place.index)
      bricks[place.brick] = .bits(bits)
    case nil:
      var bits = BrickBits(count: layout.extent(place.brick).product)
      guard place.index < bits.done.count else { return }
      body(&bits, place.index)
      bricks[place.brick] = .bits(bits)
    }
  }

  // MARK: logs

  /// Reads what is new in the logs of a share.
  func read(_ share: Share) throws {
    let folder = WorkOrder.shareFolder(level: level, share: share.share, of: share.count)
    var known = logs[share] ?? [:]
    logs[share] = nil
    defer { logs[share] = known }
    for name in try WorkOrder.names(in: "\(order.path)/\(folder)") where name.hasSuffix(".log") && !isOwn(name) {
      let now = ProcessInfo.processInfo.systemUptime
      var log = known[name] ?? FollowedLog(tail: LogTail(path: "\(order.path)/\(folder)/\(name)"), grewAt: now)
      let before = log.tail.position
      var tail = log.tail
      try tail.read { apply($0, to: &log) }
      log.tail = tail
      if tail.position > before { log.grewAt = now }
      known[name] = log
    }
  }

  private func apply(_ record: LogRecord, to log: inout FollowedLog) {
    if log.isForeign { return }
    log.hasEnded = false
    switch record {
    case .header(let header):
      log.isForeign = header.order != self.order.record.uuid || header.level != level
      log.writer = header.task
    case .settled(_, let blocks):
      settle(blocks)
      for block in blocks { log.taken[block.place.brick]?.remove(block.place.index) }
    case .failed(let block):
      fail(block.place)
      log.taken[block.place.brick]?.remove(block.place.index)
    case .emptyBricks(_, let runs): for run in runs { settleEmpty(run) }
    case .taken(let places): for place in places { log.taken[place.brick, default: []].insert(place.index) }
    case .ended:
      log.hasEnded = true
      log.taken = [:]
    }
  }

  /// Whether the task whose share it is has begun with it, by the logs that were read.
  func isBegun(_ share: Share) -> Bool {
    (logs[share] ?? [:]).values.contains { !$0.isForeign && $0.writer == share.share }
  }

  /// The blocks of a brick that other processes have in hand. Those of a log that has not grown for `staleSeconds` are
  /// left out, where that is given: their process is dead, or slow.
  func inHand(_ brick: Int, of share: Share, staleSeconds: Double?) -> Set<Int> {
    var all: Set<Int> = []
    let now = ProcessInfo.processInfo.systemUptime
    for log in (logs[share] ?? [:]).values {
      if let staleSeconds, now - log.grewAt >= staleSeconds { continue }
      if let taken = log.taken[brick] { all.formUnion(taken) }
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
