import Diagnostics
import Foundation
import Geometry
import JobStore

/// One log of a task, record by record: the only place that says what each kind of record means to those who read it.
/// What it says of blocks is collected until it is taken. A log of another order or level says nothing, and a place
/// outside the level counts for nothing.
package struct FoldedLog: Sendable {
  /// Blocks that were settled at one time, without those that came in whole bricks.
  package struct Work: Equatable, Sendable {
    package let at: Date
    package let done: Int
    package let empty: Int
  }

  private let order: String
  private let level: Int
  private let layout: BrickLayout
  /// Whether somebody only looks on: who needs times, and neither checksums nor why blocks failed.
  private let looksOn: Bool

  private var isForeign = false
  private var bricks: [Int: BrickNews] = [:]
  private var emptyBricks: [Range<Int>] = []
  private var inHand: [Int: Set<Int>] = [:]
  private var work: [Work] = []

  /// The task that writes the log; nil before a record says so, and in a log of something else.
  package private(set) var writer: Int?
  /// When its writer began, by the clock of its host.
  package private(set) var startedAt: Date?
  /// Whether the last record says that the attempt came to an end of its own.
  package private(set) var hasEnded = false
  /// The latest time that a record names.
  package private(set) var newestAt: Date?

  /// - Parameter order: the uuid of the work order.
  package init(order: String, level: Int, layout: BrickLayout, looksOn: Bool = false) {
    (self.order, self.level, self.layout, self.looksOn) = (order, level, layout, looksOn)
  }

  package mutating func add(_ record: LogRecord) {
    if isForeign { return }
    let looksOn = looksOn
    hasEnded = false
    switch record {
    case .header(let header):
      isForeign = header.order != order || header.level != level
      writer = isForeign ? nil : header.task
      startedAt = isForeign ? nil : Date(milliseconds: header.startedAt)
    case .settled(let at, let blocks):
      see(at)
      for block in blocks {
        tell(of: block.place) { $0.settle($1, isEmpty: block.isEmpty, checksum: looksOn ? nil : block.checksum) }
      }
      if looksOn {
        let empty = blocks.count { $0.isEmpty }
        work.append(Work(at: at, done: blocks.count - empty, empty: empty))
      }
    case .failed(let block):
      let failure = BrickNews.Failure(code: block.code, message: block.message, at: Date(milliseconds: block.at))
      tell(of: block.place) { $0.fail($1, looksOn ? nil : failure) }
    case .emptyBricks(let at, let runs):
      see(at)
      emptyBricks += runs.map { $0.clamped(to: 0..<layout.count) }.filter { !$0.isEmpty }
    case .taken(let places):
      for place in places where blockCount(place) != nil { inHand[place.brick, default: []].insert(place.index) }
    case .ended(let at, _):
      see(at)
      hasEnded = true
      inHand = [:]
    }
  }

  /// All blocks that the writer has begun and not said any more of.
  package var inHandCount: Int { isForeign ? 0 : inHand.values.reduce(0) { $0 + $1.count } }

  /// The blocks of a brick that the writer has begun and not said any more of.
  package func inHand(_ brick: Int) -> Set<Int> { isForeign ? [] : inHand[brick] ?? [] }

  /// Everything that was said of blocks since this was asked last; nil if the log is one of something else.
  package mutating func takeNews() -> (bricks: [Int: BrickNews], emptyBricks: [Range<Int>])? {
    defer { (bricks, emptyBricks) = ([:], []) }
    return isForeign ? nil : (bricks, emptyBricks)
  }

  /// All that was said of blocks since it was last taken, which stays; nil if the log is one of something else.
  package var news: (bricks: [Int: BrickNews], emptyBricks: [Range<Int>])? { isForeign ? nil : (bricks, emptyBricks) }

  /// What was settled at what time since a moment; what was before it is forgotten.
  package mutating func work(since moment: Date) -> [Work] {
    work.removeAll { $0.at < moment }
    return isForeign ? [] : work
  }

  private mutating func see(_ date: Date) { newestAt = max(newestAt ?? date, date) }

  /// The blocks of the brick of a place; nil if there is no such place.
  private func blockCount(_ place: BlockPlace) -> Int? {
    guard (0..<layout.count).contains(place.brick) else { return nil }
    let count = bricks[place.brick]?.bits.count ?? layout.extent(place.brick).product
    return place.index < count ? count : nil
  }

  private mutating func tell(of place: BlockPlace, _ body: (inout BrickNews, Int) -> Void) {
    guard let count = blockCount(place) else { return }
    body(&bricks[place.brick, default: BrickNews(count: count)], place.index)
    inHand[place.brick]?.remove(place.index)
  }
}
