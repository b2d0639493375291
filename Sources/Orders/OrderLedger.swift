import Diagnostics
import Engine
import Foundation
import Geometry
import JobStore
import Output
import Planning
import Synchronization
import Views

/// One task's blocks: taken from its share of a work order, recorded in a log of its own.
///
/// All who work on a share, be it the same task started twice, one started again after its death, or a task that is done
/// with its own share and helps, write logs of their own into the folder of the share and read those of the others: what
/// is settled there is not done again, what is in hand there comes last. Nothing rests on that: two that do the same
/// block write equal bytes under names of their own and rename them to the same name, and both may record it.
///
/// What a log says cannot be taken back, since others build on it. So nothing is written into one that was not checked:
/// results wait until the views that this process reads were found as recorded after they were made. If one changed,
/// they are dropped, and the task ends.
package final class OrderLedger: LevelLedger {
  package struct Task: Sendable {
    let index: Int
    let count: Int

    package init(index: Int, count: Int) { (self.index, self.count) = (index, count) }
  }

  /// Everything that changes while the task works.
  private struct State {
    let levels: LoggedLevels
    var choosers: [Int: BlockChooser] = [:]
    /// Logs of this attempt, by level and share.
    var logs: [LogKey: TaskLog] = [:]
    /// What waits for a check of the views, in the order in which it was done.
    var unchecked: [Unchecked] = []
    var times = ViewCheckTimes.task
    /// Nothing is left to take, and others may wait for what waits here.
    var isDraining = false
    /// Those that are read here; nil before the first may be.
    var views: WatchedViews?
    /// Levels whose log of the own share is there, by which others see that its task has begun.
    var begun: Set<Int> = []
  }

  /// Records for a log.
  private struct Unchecked {
    let level: Int
    let share: Int
    let records: [LogRecord]
  }

  private struct LogKey: Hashable {
    let level: Int
    let share: Int
  }

  /// If the coarsest level has more shares with blocks than this, its end is left to `collect`.
  private static let finalShareLimit = 64
  /// Blocks in one record.
  private static let recordLimit = 65_536

  private let order: WorkOrder
  private let task: Task
  private let layouts: [LevelLayout]
  private let attempt: String
  private let temporaryTag: String
  private let title: String
  /// Whether the task works on the coarsest level, and so may be the one that ends the job.
  private let reachesEnd: Bool
  private let morton = MortonOrder()
  private let state: Mutex<State>
  /// Held by whoever checks and writes logs.
  private let writing = Mutex(())

  /// - Parameter level: the only one to be worked on; nil: all.
  package init(order: WorkOrder, task: Task, layouts: [LevelLayout], level: Int?, temporaryTag: String, title: String) {
    (self.order, self.task, self.layouts, self.temporaryTag, self.title) = (order, task, layouts, temporaryTag, title)
    reachesEnd = level == nil || level == layouts.count - 1
    let random = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    let attempt = "task-\(task.index)-\(random)"
    self.attempt = attempt
    state = Mutex(
      State(levels: LoggedLevels(order: order, layouts: layouts, task: task) { $0.hasPrefix(attempt + "-") }))
  }

  /// Views are read from now on.
  package func watch(_ views: WatchedViews) { state.withLock { $0.views = views } }

  // MARK: BlockLedger

  package func take(level: Int, limit: Int) throws -> [TakenBlock] {
    if let why = WorkOrder.withdrawal(order.path) {
      throw JobError.changed(job: title, differences: [why], advice: WorkOrder.advice(afterWithdrawal: order.job.id))
    }
    let taken = try state.withLock { state -> [TakenBlock] in
      let chooser = try chooser(level, &state)
      try begin(chooser, &state)
      let (share, places) = try chooser.take(limit: limit)
      state.isDraining = places.isEmpty
      if places.isEmpty { return [] }
      try log(level, share, &state).append([.taken(places)], sync: false)
      return places.map { place in
        TakenBlock(
          ticket: Int64(share), level: level,
          position: BrickPlace(place.brick, in: chooser.layout).position(at: place.index))
      }
    }
    if taken.isEmpty { try writeLogs() }
    return taken
  }

  package func expectsMore(level: Int) throws -> Bool {
    try state.withLock { try chooser(level, &$0).isHeldUp() }
  }

  package func record(_ results: [WorkResult]) throws {
    // an input that changed is no fault of the block, which stays pending
    let changed = results.changedInputs
    let byShare = Dictionary(grouping: results.filter { $0.changedInput == nil }, by: { Int($0.block.ticket) })
    for (share, results) in byShare { try record(results, share: share) }
    if !changed.isEmpty { throw JobError.changed(job: title, differences: changed) }
    if state.withLock({ $0.isDraining || $0.times.isDue() }) { try writeLogs(isCertain: false) }
  }

  /// Records results of blocks of one share, which are all of one level.
  private func record(_ results: [WorkResult], share: Int) throws {
    guard let level = results.first?.block.level else { return }
    let layout = BrickLayout(grid: layouts[level].grid.count)
    let places = results.map { result in
      let brick = layout.number(of: result.block.position)
      return BlockPlace(brick: brick, index: BrickPlace(brick, in: layout).index(of: result.block.position) ?? 0)
    }
    let records = Self.records(of: results, places)
    try state.withLock { state in
      state.unchecked.append(Unchecked(level: level, share: share, records: records))
      try chooser(level, &state).recorded(records, places)
    }
  }

  /// Checks the views and writes what waited for that into the logs, of lower levels first. Throws if a view changed; what
  /// waited is gone then, and its blocks are as if they had never been made.
  ///
  /// - Parameter isCertain: throws also where the views cannot be looked at now; else what waits goes on waiting.
  private func writeLogs(isCertain: Bool = true) throws {
    try writing.withLock { _ in
      let (waiting, views) = state.withLock { state in
        defer { state.unchecked = [] }
        return (state.unchecked, state.views)
      }
      if waiting.isEmpty { return }
      let begin = ContinuousClock.now
      do {
        let changed = try Retry.standard.transient { try views?.changed(threads: 1) ?? [] }
        state.withLock { $0.times.checked(from: begin) }
        if !changed.isEmpty, let views {
          let changed = views.described(changed)
          throw JobError.changed(job: title, differences: changed.lines, advice: ChangeAdvice.text(for: changed, job: order.job.id))
        }
      } catch let error as ViewsError where (error.isTransient || error.isAbsence) && !isCertain {
        state.withLock { state in
          state.times.checked(from: begin)
          state.unchecked = waiting + state.unchecked
        }
        return
      } catch let error as ViewsError where error.isAbsence {
        throw JobError.unanswered(error.description, byTask: true)
      }
      let byLog = Dictionary(grouping: waiting) { LogKey(level: $0.level, share: $0.share) }
      for (key, parts) in byLog.sorted(by: { ($0.key.level, $0.key.share) < ($1.key.level, $1.key.share) }) {
        try state.withLock { log(key.level, key.share, &$0) }.append(parts.flatMap(\.records), sync: true)
      }
    }
  }

  private static func records(of results: [WorkResult], _ places: [BlockPlace]) -> [LogRecord] {
    var settled: [SettledBlock] = []
    var records: [LogRecord] = []
    let now = Date()
    for (result, place) in zip(results, places) {
      switch result.outcome {
      case .done(_, let checksum): settled.append(SettledBlock(place: place, isEmpty: false, checksum: checksum))
      case .empty: settled.append(SettledBlock(place: place, isEmpty: true))
      case .failed(let code, let message):
        records.append(
          .failed(FailedBlock(place: place, code: code, message: String(message.prefix(20_000)), at: now.milliseconds)))
      }
    }
    for start in stride(from: 0, to: settled.count, by: recordLimit) {
      records.append(.settled(at: now, Array(settled[start..<min(settled.count, start + recordLimit)])))
    }
    return records
  }

  package func states(level: Int, t: Int, c: Int, blocks: Box3) throws -> [BlockState] {
    try state.withLock { state in
      try state.levels.states(level: level, of: blocks.positions.map { TCZYX(t: t, c: c, zyx: $0) })
    }
  }

  // MARK: LevelLedger

  /// The counts of the own share.
  package func counts(level: Int) throws -> BlockCounts {
    try state.withLock { try chooser(level, &$0).counts() }
  }

  /// A task that is done with its own share may have others to help.
  package func hasNothingLeft(level: Int) -> Bool { false }

  /// True unless the coarsest level is settled: then this task is the last, or as good as the last.
  package func leavesToOthers(progress: RunProgress) throws -> Bool {
    guard reachesEnd else { return true }
    return try state.withLock { state in
      let chooser = try chooser(layouts.count - 1, &state)
      let (level, bounds) = (chooser.level, chooser.shares.bounds)
      let filled = (0..<task.count).lazy.filter { bounds[$0] < bounds[$0 + 1] }
      guard filled.prefix(Self.finalShareLimit + 1).count <= Self.finalShareLimit, level.layout.count <= 64 else { return true }
      try level.readAll(of: IndexSet(0..<level.layout.count), again: true)
      for brick in 0..<level.layout.count {
        if case .bits(let bits) = try level.brick(brick), !bits.isSettled { return true }
      }
      return false
    }
  }

  package func isAllEmpty(level: Int, t: Int, c: Int, blocks: Box3) throws -> Bool {
    try states(level: level, t: t, c: c, blocks: blocks).allSatisfy { $0 == .empty }
  }

  /// Whole bricks of the own share.
  package func untouchedRegions(level: Int, after: Int?, limit: Int) throws -> [BrickRegion] {
    try state.withLock { state in
      let chooser = try chooser(level, &state)
      var regions: [BrickRegion] = []
      let own = chooser.ownBricks
      for brick in max(own.lowerBound, (after ?? -1) + 1)..<max(own.upperBound, (after ?? -1) + 1) {
        guard regions.count < limit else { break }
        if try chooser.isUntouched(brick) { regions.append(chooser.layout.region(brick)) }
      }
      return regions
    }
  }

  package func settleEmpty(level: Int, _ regions: [BrickRegion]) throws -> Int {
    let blocks = try state.withLock { state in
      let chooser = try chooser(level, &state)
      var runs: [Range<Int>] = []
      var blocks = 0
      for brick in try regions.map(\.id).sorted().filter(chooser.isUntouched) {
        blocks += chooser.layout.extent(brick).product
        if let last = runs.last, last.upperBound == brick {
          runs[runs.count - 1] = last.lowerBound..<brick + 1
        } else {
          runs.append(brick..<brick + 1)
        }
      }
      if runs.isEmpty { return 0 }
      let record = LogRecord.emptyBricks(at: Date(), runs)
      // that nothing is stored is read from the views, too
      state.unchecked.append(Unchecked(level: level, share: task.index, records: [record]))
      chooser.recorded([record], [])
      return blocks
    }
    if state.withLock({ $0.times.isDue() }) { try writeLogs(isCertain: false) }
    return blocks
  }

  package func checkInputs() throws { try writeLogs() }

  // MARK: The task as a whole

  /// What keeps blocks of the task's share of a level from being made, by logs that are read anew.
  package func missingBelow(level: Int) throws -> MissingSources {
    try state.withLock { state in try MissingSources(of: chooser(level, &state), in: state.levels) }
  }

  /// Writes what is left to write, and says that this attempt has nothing in hand any more.
  package func close(outcome: String) throws {
    let written = Result { try writeLogs() }
    let logs = state.withLock { Array($0.logs.values) }
    for log in logs { try log.append([.ended(at: Date(), outcome: outcome)], sync: true) }
    try written.get()
  }

  private func chooser(_ level: Int, _ state: inout State) throws -> BlockChooser {
    if let known = state.choosers[level] { return known }
    let chooser = try BlockChooser(level: level, task: task, levels: state.levels, morton: morton)
    state.choosers[level] = chooser
    return chooser
  }

  /// Shows others that the task of this share is at work on a level, or was.
  private func begin(_ chooser: BlockChooser, _ state: inout State) throws {
    let level = chooser.level.level
    guard state.begun.insert(level).inserted, !chooser.ownBricks.isEmpty else { return }
    try log(level, task.index, &state).append([], sync: false)
  }

  private func log(_ level: Int, _ share: Int, _ state: inout State) -> TaskLog {
    let key = LogKey(level: level, share: share)
    if let known = state.logs[key] { return known }
    let header = LogHeader(
      order: order.record.uuid, level: level, share: share, shareCount: task.count, task: task.index,
      host: ProcessInfo.processInfo.hostName, pid: Int(ProcessInfo.processInfo.processIdentifier),
      program: Program.versionWithLibraries, temporaryTag: temporaryTag, startedAt: Date().milliseconds)
    let folder = "\(order.path)/\(WorkOrder.shareFolder(level: level, share: share, of: task.count))"
    let log = TaskLog(folder: folder, root: order.path, attempt: attempt, header: header)
    state.logs[key] = log
    return log
  }
}
