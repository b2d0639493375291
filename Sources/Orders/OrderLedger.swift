import Diagnostics
import Engine
import Foundation
import Geometry
import JobStore
import Output
import Planning
import Synchronization

/// One task's blocks: taken from its share of a work order, recorded in a log of its own.
///
/// All who work on a share, be it the same task started twice, one started again after its death, or a task that is done
/// with its own share and helps, write logs of their own into the folder of the share and read those of the others: what
/// is settled there is not done again, what is in hand there comes last. Nothing rests on that: two that do the same
/// block write equal bytes under names of their own and rename them to the same name, and both may record it.
package final class OrderLedger: RunLedger {
  package struct Task: Sendable {
    let index: Int
    let count: Int

    package init(index: Int, count: Int) { (self.index, self.count) = (index, count) }
  }

  /// A level as far as one task is concerned.
  final class LevelState {
    let progress: LevelProgress
    let shares: ShareMap
    /// Of this process, by brick: not recorded yet.
    var held: [Int: Set<Int>] = [:]
    var logs: [Int: TaskLog] = [:]
    /// Blocks of the own share that this attempt has tried in vain. What earlier attempts failed at is tried once more.
    var failedHere: [Int: Set<Int>] = [:]
    /// In the own share: bricks before it are finished.
    var firstOpen: Int
    var victims: [Int]
    /// Whether this attempt's log is there, by which others see that the share's task has begun.
    var isBegun = false

    init(_ progress: LevelProgress, _ task: Task, victimLimit: Int) {
      self.progress = progress
      shares = progress.shares(task.count)
      firstOpen = shares.bricks(of: task.index).lowerBound
      victims = OrderLedger.victims(of: task, limit: victimLimit)
    }
  }

  /// How long a log may stand still before the blocks in hand there are done by others: long enough to see a live one
  /// grow. Wrong guesses cost time, nothing else.
  static let staleSeconds = 2.0
  /// Other shares that a task looks at when it is done with its own: few, so that ten thousand that end at the same time
  /// do not all read all logs.
  static let victimLimit = 16
  /// Where the coarsest level has more shares with blocks than this, its end is left to `collect`.
  private static let finalShareLimit = 64
  /// A task takes an eighth of what is free of a share, at least so many and at most as many as asked for.
  static let (takenOfFree, leastTaken) = (8, 8)
  /// Blocks in one record.
  private static let recordLimit = 65_536

  let order: WorkOrder
  let task: Task
  let layouts: [LevelLayout]
  let attempt: String
  let temporaryTag: String
  private let title: String
  /// Whether the task works on the coarsest level, and so may be the one that ends the job.
  private let reachesEnd: Bool
  let morton = MortonOrder()
  let state: Mutex<[Int: LevelState]>

  /// - Parameter level: the only one to be worked on; nil: all.
  package init(order: WorkOrder, task: Task, layouts: [LevelLayout], level: Int?, temporaryTag: String, title: String) {
    (self.order, self.task, self.layouts, self.temporaryTag, self.title) = (order, task, layouts, temporaryTag, title)
    reachesEnd = level == nil || level == layouts.count - 1
    let random = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    attempt = "task-\(task.index)-\(random)"
    state = Mutex([:])
  }

  // MARK: BlockLedger

  package func take(level number: Int, limit: Int) throws -> [TakenBlock] {
    if let why = WorkOrder.withdrawal(order.path) { throw JobError.changed(job: title, differences: [why]) }
    return try state.withLock { levels -> [TakenBlock] in
      let level = try self.level(number, &levels)
      let own = LevelProgress.Share(share: task.index, count: task.count)
      try begin(level)
      try level.progress.read(own)
      var share = task.index
      var places = try pick(level, own, limit: limit, skipping: .inHand, &levels)
      if places.isEmpty, number > 0 {
        // others may have done what these rest on
        try self.level(number - 1, &levels).progress.readAgain()
        places = try pick(level, own, limit: limit, skipping: .inHand, &levels)
      }
      // what others had in hand and did not do
      if places.isEmpty { places = try pick(level, own, limit: limit, skipping: .inLiveHand, &levels) }
      while places.isEmpty, let victim = level.victims.first {
        let other = LevelProgress.Share(share: victim, count: task.count)
        try level.progress.read(other)
        // one that has not begun, will: in a queue with fewer hosts than tasks the first would do the work of all
        if level.progress.isBegun(other) { places = try pick(level, other, limit: limit, skipping: .inHand, &levels) }
        share = victim
        if places.isEmpty { level.victims.removeFirst() }
      }
      if places.isEmpty { return [] }
      for place in places { level.held[place.brick, default: []].insert(place.index) }
      try log(level, share).append([.taken(places)], sync: false)
      return places.map { place in
        TakenBlock(
          claim: Int64(share), level: number,
          position: BrickPlace(place.brick, in: level.shares.layout).position(at: place.index))
      }
    }
  }

  /// Blocks of the own share that others have in hand may come back; those of other shares are theirs.
  package func expectsMore(level number: Int) throws -> Bool {
    try state.withLock { levels in
      try isHeldUp(self.level(number, &levels), LevelProgress.Share(share: task.index, count: task.count))
    }
  }

  package func record(_ results: [WorkResult]) throws -> RecordedCounts {
    var byShare: [Int64: [WorkResult]] = [:]
    var changed: [String] = []
    for result in results {
      if case .failed(let code, let message) = result.outcome, code == Self.inputChanged {
        changed.append(message)
      } else {
        byShare[result.block.claim, default: []].append(result)
      }
    }
    var counts = RecordedCounts()
    for (share, results) in byShare {
      guard let number = results.first?.block.level else { continue }
      let log = try state.withLock { levels -> TaskLog in
        let level = try self.level(number, &levels)
        return self.log(level, Int(share))
      }
      let layout = BrickLayout(grid: layouts[number].grid.count)
      func place(_ block: TakenBlock) -> BlockPlace {
        let brick = layout.number(of: block.position)
        return BlockPlace(brick: brick, index: BrickPlace(brick, in: layout).index(of: block.position) ?? 0)
      }
      var settled: [SettledBlock] = []
      var records: [LogRecord] = []
      let now = Date()
      for result in results {
        switch result.outcome {
        case .done(_, let checksum):
          settled.append(SettledBlock(place: place(result.block), isEmpty: false, checksum: checksum))
        case .empty: settled.append(SettledBlock(place: place(result.block), isEmpty: true))
        case .failed(let code, let message):
          records.append(
            .failed(
              FailedBlock(
                place: place(result.block), code: code, message: String(message.prefix(20_000)), at: now.milliseconds)))
        }
      }
      for start in stride(from: 0, to: settled.count, by: Self.recordLimit) {
        records.append(.settled(at: now, Array(settled[start..<min(settled.count, start + Self.recordLimit)])))
      }
      try log.append(records, sync: true)
      try state.withLock { levels in
        let level = try self.level(number, &levels)
        level.progress.settle(settled)
        for record in records {
          guard case .failed(let block) = record else { continue }
          level.progress.fail(block.place)
          level.failedHere[block.place.brick, default: []].insert(block.place.index)
        }
        for result in results {
          let place = place(result.block)
          level.held[place.brick]?.remove(place.index)
        }
      }
      counts.recorded += results.count
    }
    // an input that changed is no fault of the block, which stays pending
    if !changed.isEmpty {
      throw JobError.changed(job: title, differences: Array(unique(changed).prefix(ChangeCheck.listedAtMost)))
    }
    return counts
  }

  package func states(level: Int, t: Int, c: Int, blocks: Box3) throws -> [BlockState] {
    try state.withLock { levels in try states(level, t: t, c: c, blocks, &levels) }
  }

  // MARK: RunLedger

  /// Of the own share.
  package func counts(level number: Int) throws -> BlockCounts {
    try state.withLock { levels in
      let level = try self.level(number, &levels)
      var counts = BlockCounts()
      for brick in level.shares.bricks(of: task.index) {
        let ranks = level.shares.ranks(of: task.index, brick: brick)
        counts.total += ranks.count
        switch try level.progress.brick(brick) {
        case .empty: counts.empty += ranks.count
        case .bits(let bits):
          let mine = mask(level, brick, ranks)
          counts.done += overlap(bits.done, mine)
          counts.empty += overlap(bits.empty, mine)
          counts.failed += overlap(bits.failed, mine)
        }
      }
      return counts
    }
  }

  /// A task that is done with its own share may have others to help.
  package func hasNothingLeft(level: Int) -> Bool { false }

  /// True unless the coarsest level is settled: then this task is the last, or as good as the last.
  package func leavesToOthers(progress: RunProgress) throws -> Bool {
    guard reachesEnd else { return true }
    return try state.withLock { levels in
      let level = try self.level(layouts.count - 1, &levels)
      let layout = level.shares.layout
      let filled = (0..<task.count).lazy.filter { level.shares.bounds[$0] < level.shares.bounds[$0 + 1] }
      guard filled.prefix(Self.finalShareLimit + 1).count <= Self.finalShareLimit, layout.count <= 64 else { return true }
      try level.progress.readAll(of: IndexSet(0..<layout.count), again: true)
      for brick in 0..<layout.count {
        guard case .bits(let bits) = try level.progress.brick(brick) else { continue }
        if bits.done.population + bits.empty.population < bits.done.count { return true }
      }
      return false
    }
  }

  package func isAllEmpty(level: Int, t: Int, c: Int, blocks: Box3) throws -> Bool {
    try states(level: level, t: t, c: c, blocks: blocks).allSatisfy { $0 == .empty }
  }

  /// Whole bricks of the own share.
  package func untouchedRegions(level number: Int, after: Int?, limit: Int) throws -> [BrickRegion] {
    try state.withLock { levels in
      let level = try self.level(number, &levels)
      var regions: [BrickRegion] = []
      let own = level.shares.bricks(of: task.index)
      for brick in max(own.lowerBound, (after ?? -1) + 1)..<max(own.upperBound, (after ?? -1) + 1) {
        guard regions.count < limit else { break }
        guard isWhole(level, brick), level.held[brick] == nil, try level.progress.isUntouched(brick) else { continue }
        regions.append(level.shares.layout.region(brick))
      }
      return regions
    }
  }

  package func settleEmpty(level number: Int, _ regions: [BrickRegion]) throws -> Int {
    let (log, runs, blocks) = try state.withLock { levels in
      let level = try self.level(number, &levels)
      var runs: [Range<Int>] = []
      var blocks = 0
      for brick in regions.map(\.id).sorted() {
        guard level.held[brick] == nil, try level.progress.isUntouched(brick) else { continue }
        blocks += level.shares.layout.extent(brick).product
        if let last = runs.last, last.upperBound == brick {
          runs[runs.count - 1] = last.lowerBound..<brick + 1
        } else {
          runs.append(brick..<brick + 1)
        }
      }
      return (self.log(level, task.index), runs, blocks)
    }
    if runs.isEmpty { return 0 }
    try log.append([.emptyBricks(at: Date(), runs)], sync: true)
    try state.withLock { levels in
      let level = try self.level(number, &levels)
      for run in runs { level.progress.settleEmpty(run) }
    }
    return blocks
  }

  // MARK: for the task as a whole

  /// Says that this attempt has nothing in hand any more.
  package func close(outcome: String) throws {
    let logs = state.withLock { levels in levels.values.flatMap { $0.logs.values } }
    for log in logs { try log.append([.ended(at: Date(), outcome: outcome)], sync: true) }
  }

  /// The code of a failed block whose view is not what it was.
  static let inputChanged = FailureCode.inputChanged.rawValue
}
