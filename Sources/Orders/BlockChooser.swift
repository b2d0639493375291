import Foundation
import Geometry
import JobStore
import Output

/// Chooses the blocks of one level that a task does next: of its own share, then of those of others. Not for several
/// threads.
final class BlockChooser {
  private enum Skipping {
    /// Everything that others have in hand.
    case inHand
    /// Only what those have in hand whose logs grow.
    case inLiveHand
  }

  /// How long a log may stand still before the blocks in hand there are done by others: long enough to see a live one
  /// grow. Wrong guesses cost time, nothing else.
  private static let staleSeconds = 2.0
  /// Other shares that a task looks at when it is done with its own: few, so that ten thousand that end at the same time
  /// do not all read all logs.
  private static let victimLimit = 16
  /// A task takes an eighth of what is free of a share, at least so many and at most as many as asked for.
  private static let (takenOfFree, leastTaken) = (8, 8)

  let level: LoggedLevel
  /// The shares of all tasks.
  let shares: ShareMap
  private let task: OrderLedger.Task
  private let levels: LoggedLevels
  private let morton: MortonOrder
  /// Blocks in the hands of this process, not recorded yet, by brick.
  private var inHand: [Int: Set<Int>] = [:]
  /// Blocks of the own share that this attempt has tried in vain. What earlier attempts failed at is tried once more.
  private var failedHere: [Int: Set<Int>] = [:]
  /// In the own share: bricks before it are finished.
  private var firstOpen: Int
  private var victims: [Int]

  init(level number: Int, task: OrderLedger.Task, levels: LoggedLevels, morton: MortonOrder) throws {
    (self.task, self.levels, self.morton) = (task, levels, morton)
    level = try levels.level(number)
    shares = level.shares(task.count)
    firstOpen = shares.bricks(of: task.index).lowerBound
    victims = Self.victims(of: task, limit: Self.victimLimit)
  }

  var layout: BrickLayout { shares.layout }
  private var number: Int { level.level }
  private var own: LoggedLevel.Share { LoggedLevel.Share(share: task.index, count: task.count) }
  /// The bricks of the own share, the first and last perhaps in part.
  var ownBricks: Range<Int> { shares.bricks(of: task.index) }

  // MARK: Taking

  /// Some free blocks of one share, which are then in the hands of this process; none where there is nothing to take now.
  func take(limit: Int) throws -> (share: Int, places: [BlockPlace]) {
    try level.read(own)
    var share = task.index
    var places = try pick(own, limit: limit, skipping: .inHand)
    if places.isEmpty, number > 0 {
      // others may have done what these rest on
      try levels.level(number - 1).readAgain()
      places = try pick(own, limit: limit, skipping: .inHand)
    }
    // what others had in hand and did not do
    if places.isEmpty { places = try pick(own, limit: limit, skipping: .inLiveHand) }
    while places.isEmpty, let victim = victims.first {
      let other = LoggedLevel.Share(share: victim, count: task.count)
      try level.read(other)
      // one that has not begun, will: in a queue with fewer hosts than tasks the first would do the work of all
      if level.isBegun(other) { places = try pick(other, limit: limit, skipping: .inHand) }
      share = victim
      if places.isEmpty { victims.removeFirst() }
    }
    for place in places { inHand[place.brick, default: []].insert(place.index) }
    return (share, places)
  }

  /// Whether others have blocks of the own share in hand, which may come back; those of other shares are theirs.
  func isHeldUp() throws -> Bool {
    for brick in ownBricks where brick >= firstOpen {
      guard case .bits(let bits) = try level.brick(brick) else { continue }
      let others = level.inHand(brick, of: own, staleSeconds: nil)
      if others.contains(where: { bits.state($0) == .pending }) { return true }
    }
    return false
  }

  /// Takes in what was recorded of blocks that are then in hand no more.
  func recorded(_ records: [LogRecord], _ places: [BlockPlace]) {
    level.add(records)
    for record in records {
      guard case .failed(let block) = record else { continue }
      failedHere[block.place.brick, default: []].insert(block.place.index)
    }
    for place in places { inHand[place.brick]?.remove(place.index) }
  }

  // MARK: The own share

  /// How the blocks of the own share stand.
  func counts() throws -> BlockCounts {
    var counts = BlockCounts()
    for brick in ownBricks {
      let ranks = shares.ranks(of: task.index, brick: brick)
      counts.total += ranks.count
      switch try level.brick(brick) {
      case .empty: counts.empty += ranks.count
      case .bits(let bits):
        let mine = mask(brick, ranks)
        counts.done += overlap(bits.done, mine)
        counts.empty += overlap(bits.empty, mine)
        counts.failed += overlap(bits.failed, mine)
      }
    }
    return counts
  }

  /// Blocks of the own share that are neither settled nor failed.
  func openPositions() throws -> [TCZYX] {
    var open: [TCZYX] = []
    for brick in ownBricks {
      guard case .bits(let bits) = try level.brick(brick) else { continue }
      let place = BrickPlace(brick, in: layout)
      let indices = morton.indices(place.extent)
      for index in shares.ranks(of: task.index, brick: brick).map({ indices[$0] }) where bits.state(index) == .pending {
        open.append(place.position(at: index))
      }
    }
    return open
  }

  /// Whether the own share has all of a brick, nothing of it is in hand, and nothing is recorded of it.
  func isUntouched(_ brick: Int) throws -> Bool {
    guard shares.ranks(of: task.index, brick: brick).count == layout.extent(brick).product else { return false }
    return try inHand[brick] == nil && level.isUntouched(brick)
  }

  // MARK: Choosing

  /// Other shares to help with, spread over all.
  private static func victims(of task: OrderLedger.Task, limit: Int) -> [Int] {
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

  /// Free blocks of a share: of the own one from its beginning, of another from its end, where its owner comes last.
  /// Fewer and fewer as it comes to its end, so that nobody has many in hand when nothing else is left.
  private func pick(_ share: LoggedLevel.Share, limit: Int, skipping: Skipping) throws -> [BlockPlace] {
    let isOwn = share.share == task.index
    let bricks = shares.bricks(of: share.share)
    try level.load(bricks)
    while isOwn, firstOpen < bricks.upperBound, try isFinished(firstOpen) { firstOpen += 1 }
    let enough = Self.takenOfFree * limit
    var places: [BlockPlace] = []
    for i in 0..<bricks.count {
      let brick = isOwn ? bricks.lowerBound + i : bricks.upperBound - 1 - i
      if isOwn, brick < firstOpen { continue }
      guard case .bits(let bits) = try level.brick(brick) else { continue }
      let place = BrickPlace(brick, in: layout)
      let failedHere = failedHere[brick] ?? []
      if bits.settledCount + (isOwn ? failedHere.count : bits.failed.population) == place.count { continue }
      let indices = morton.indices(place.extent)
      let ranks = shares.ranks(of: share.share, brick: brick)
      let others = level.inHand(brick, of: share, staleSeconds: skipping == .inLiveHand ? Self.staleSeconds : nil)
      let own = inHand[brick] ?? []
      for k in 0..<ranks.count {
        let index = indices[isOwn ? ranks.lowerBound + k : ranks.upperBound - 1 - k]
        if bits.isSettled(index) || own.contains(index) { continue }
        if bits.failed[index], !isOwn || failedHere.contains(index) { continue }
        if others.contains(index) { continue }
        guard try levels.isReady(place.position(at: index), level: number) else { continue }
        places.append(BlockPlace(brick: brick, index: index))
        if places.count == enough { return Array(places.prefix(limit)) }
      }
    }
    return Array(places.prefix(max(min(Self.leastTaken, limit), places.count / Self.takenOfFree)))
  }

  /// Whether nothing of a brick is left to do in the own share.
  private func isFinished(_ brick: Int) throws -> Bool {
    guard case .bits(let bits) = try level.brick(brick) else { return true }
    let mine = mask(brick, shares.ranks(of: task.index, brick: brick))
    let failed = (failedHere[brick] ?? []).count { mine[$0] && bits.failed[$0] }
    return overlap(bits.done, mine) + overlap(bits.empty, mine) + failed == mine.population
  }

  private func mask(_ brick: Int, _ ranks: Range<Int>) -> Bitmap {
    let extent = layout.extent(brick)
    if ranks.count == extent.product { return .full(count: extent.product) }
    var mask = Bitmap(count: extent.product)
    let indices = morton.indices(extent)
    for rank in ranks { mask[indices[rank]] = true }
    return mask
  }

  private func overlap(_ a: Bitmap, _ b: Bitmap) -> Int {
    zip(a.words, b.words).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount }
  }
}
