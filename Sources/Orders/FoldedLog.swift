import Diagnostics
import Foundation
import Geometry
import JobStore

/// One log of a task, record by record: the only place that says what each kind of record means to those who read it.
/// What it says of blocks is collected until it is taken. A log of another order or level says nothing, and a place
/// outside the level counts for nothing.
package struct FoldedLog {
  private let order: String
  private let level: Int
  private let layout: BrickLayout

  private var isForeign = false
  private var bricks: [Int: BrickNews] = [:]
  private var emptyBricks: [Range<Int>] = []
  private var inHand: [Int: Set<Int>] = [:]

  /// The task that writes the log; nil before a record says so, and in a log of something else.
  package private(set) var writer: Int?
  /// Whether the last record says that the attempt came to an end of its own.
  package private(set) var hasEnded = false
  /// The latest time that a record names.
  package private(set) var newestAt: Date?

  /// - Parameter order: the uuid of the work order.
  package init(order: String, level: Int, layout: BrickLayout) {
    (self.order, self.level, self.layout) = (order, level, layout)
  }

  package mutating func add(_ record: LogRecord) {
    if isForeign { return }
    hasEnded = false
    switch record {
    case .header(let header):
      isForeign = header.order != order || header.level != level
      writer = isForeign ? nil : header.task
    case .settled(let at, let blocks):
      see(at)
      for block in blocks {
        tell(of: block.place) { $0.settle($1, isEmpty: block.isEmpty, checksum: block.checksum) }
      }
    case .failed(let block):
      let failure = BrickNews.Failure(code: block.code, message: block.message, at: Date(milliseconds: block.at))
      tell(of: block.place) { $0.fail($1, failure) }
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

  /// The blocks of a brick that the writer has begun and not said any more of.
  package func inHand(_ brick: Int) -> Set<Int> { isForeign ? [] : inHand[brick] ?? [] }

  /// Everything that was said of blocks since this was asked last; nil if the log is one of something else.
  package mutating func takeNews() -> (bricks: [Int: BrickNews], emptyBricks: [Range<Int>])? {
    defer { (bricks, emptyBricks) = ([:], []) }
    return isForeign ? nil : (bricks, emptyBricks)
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
