import Diagnostics
import Foundation
import Geometry
import JobStore
import Output

/// Which blocks a task takes next, and from whose share.
extension OrderLedger {
  enum Skipping {
    /// What others have in hand.
    case inHand
    /// What those have in hand whose logs grow.
    case inLiveHand
  }

  /// Other shares to help with, spread over all.
  static func victims(of task: Task, limit: Int) -> [Int] {
    guard task.count > 1 else { return [] }
    if task.count - 1 <= limit { return (1..<task.count).map { (task.index + $0) % task.count } }
    // next to itself, then further and further away
    var step = 1
    var chosen: [Int] = []
    for _ in 0..<limit {
      let victim = (task.index + step) % task.count
      if victim != task.index, !chosen.contains(victim) { chosen.append(victim) }
      step = step * 2 + 1
    }
    return chosen
  }

  func level(_ number: Int, _ levels: inout [Int: LevelState]) throws -> LevelState {
    if let known = levels[number] { return known }
    let progress = try LevelProgress(level: number, grid: layouts[number].grid, order: order)
    let prefix = attempt + "-"
    progress.isOwn = { $0.hasPrefix(prefix) }
    let state = LevelState(progress, task, victimLimit: Self.victimLimit)
    levels[number] = state
    // also of tasks that were cut otherwise
    try progress.readAll(of: IndexSet(integersIn: state.shares.bricks(of: task.index)))
    return state
  }

  func log(_ level: LevelState, _ share: Int) -> TaskLog {
    if let known = level.logs[share] { return known }
    let number = level.progress.level
    let header = LogHeader(
      order: order.record.uuid, level: number, share: share, shareCount: task.count, task: task.index,
      host: ProcessInfo.processInfo.hostName, pid: Int(ProcessInfo.processInfo.processIdentifier),
      program: Program.versionWithLibraries, temporaryTag: temporaryTag, startedAt: Date().milliseconds)
    let folder = "\(order.path)/\(WorkOrder.shareFolder(level: number, share: share, of: task.count))"
    let log = TaskLog(folder: folder, root: order.path, attempt: attempt, header: header)
    level.logs[share] = log
    return log
  }

  /// Shows others that the task of this share is at work on a level, or was.
  func begin(_ level: LevelState) throws {
    if level.isBegun { return }
    level.isBegun = true
    if level.shares.bricks(of: task.index).isEmpty { return }
    try log(level, task.index).append([], sync: false)
  }

  func isWhole(_ level: LevelState, _ brick: Int) -> Bool {
    level.shares.ranks(of: task.index, brick: brick).count == level.shares.layout.extent(brick).product
  }

  func mask(_ level: LevelState, _ brick: Int, _ ranks: Range<Int>) -> Bitmap {
    let extent = level.shares.layout.extent(brick)
    if ranks.count == extent.product { return .full(count: extent.product) }
    var mask = Bitmap(count: extent.product)
    let indices = morton.indices(extent)
    for rank in ranks { mask[indices[rank]] = true }
    return mask
  }

  func overlap(_ a: Bitmap, _ b: Bitmap) -> Int {
    zip(a.words, b.words).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount }
  }

  /// Free blocks of a share: of the own one from its beginning, of another from its end, where its owner comes last.
  /// Fewer and fewer as it comes to its end, so that nobody has many in hand when nothing else is left.
  func pick(
    _ level: LevelState, _ share: LevelProgress.Share, limit: Int, skipping: Skipping, _ levels: inout [Int: LevelState]
  ) throws -> [BlockPlace] {
    let isOwn = share.share == task.index
    let bricks = level.shares.bricks(of: share.share)
    try level.progress.load(bricks)
    while isOwn, level.firstOpen < bricks.upperBound, try isFinished(level, level.firstOpen) { level.firstOpen += 1 }
    let enough = Self.takenOfFree * limit
    var places: [BlockPlace] = []
    for i in 0..<bricks.count {
      let brick = isOwn ? bricks.lowerBound + i : bricks.upperBound - 1 - i
      if isOwn, brick < level.firstOpen { continue }
      guard case .bits(let bits) = try level.progress.brick(brick) else { continue }
      let place = BrickPlace(brick, in: level.shares.layout)
      let failedHere = level.failedHere[brick] ?? []
      if bits.done.population + bits.empty.population + (isOwn ? failedHere.count : bits.failed.population) == place.count { continue }
      let indices = morton.indices(place.extent)
      let ranks = level.shares.ranks(of: share.share, brick: brick)
      let others = level.progress.inHand(brick, of: share, staleSeconds: skipping == .inLiveHand ? Self.staleSeconds : nil)
      let own = level.held[brick] ?? []
      for k in 0..<ranks.count {
        let index = indices[isOwn ? ranks.lowerBound + k : ranks.upperBound - 1 - k]
        if bits.done[index] || bits.empty[index] || own.contains(index) { continue }
        if bits.failed[index], !isOwn || failedHere.contains(index) { continue }
        if others.contains(index) { continue }
        guard try isReady(place.position(at: index), level, &levels) else { continue }
        places.append(BlockPlace(brick: brick, index: index))
        if places.count == enough { return Array(places.prefix(limit)) }
      }
    }
    return Array(places.prefix(max(min(Self.leastTaken, limit), places.count / Self.takenOfFree)))
  }

  /// Whether nothing of a brick is left to do in the own share.
  func isFinished(_ level: LevelState, _ brick: Int) throws -> Bool {
    guard case .bits(let bits) = try level.progress.brick(brick) else { return true }
    let mine = mask(level, brick, level.shares.ranks(of: task.index, brick: brick))
    let failed = (level.failedHere[brick] ?? []).count { mine[$0] && bits.failed[$0] }
    return overlap(bits.done, mine) + overlap(bits.empty, mine) + failed == mine.population
  }

  /// Whether others have blocks of the own share in hand.
  func isHeldUp(_ level: LevelState, _ own: LevelProgress.Share) throws -> Bool {
    for brick in level.shares.bricks(of: task.index) where brick >= level.firstOpen {
      guard case .bits(let bits) = try level.progress.brick(brick) else { continue }
      let others = level.progress.inHand(brick, of: own, staleSeconds: nil)
      if others.contains(where: { !bits.done[$0] && !bits.empty[$0] && !bits.failed[$0] }) { return true }
    }
    return false
  }

  func isReady(_ position: TCZYX, _ level: LevelState, _ levels: inout [Int: LevelState]) throws -> Bool {
    let number = level.progress.level
    guard number > 0 else { return true }
    let box = sources(of: position, number)
    return try states(number - 1, t: position.t, c: position.c, box, &levels).allSatisfy(\.isSettled)
  }

  func sources(of position: TCZYX, _ level: Int) -> Box3 {
    let layout = layouts[level]
    let box = layout.grid.box(of: position)
    return layouts[level - 1].grid.blocks(
      meeting: Box3(lower: box.lower &* layout.factor, upper: box.upper &* layout.factor))
  }

  func positions(_ box: Box3, t: Int, c: Int) -> [TCZYX] {
    var all: [TCZYX] = []
    all.reserveCapacity(box.count)
    for z in box.lower[0]..<box.upper[0] {
      for y in box.lower[1]..<box.upper[1] {
        for x in box.lower[2]..<box.upper[2] { all.append(TCZYX(t: t, c: c, z: z, y: y, x: x)) }
      }
    }
    return all
  }

  func states(
    _ number: Int, t: Int, c: Int, _ box: Box3, _ levels: inout [Int: LevelState]
  ) throws -> [BlockState] {
    let level = try self.level(number, &levels)
    let all = positions(box, t: t, c: c)
    let bricks = IndexSet(all.map(level.shares.layout.number(of:)))
    try level.progress.readAll(of: bricks)
    return try all.map(level.progress.state(of:))
  }
}
