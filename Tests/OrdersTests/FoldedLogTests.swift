import Diagnostics
import Foundation
import Geometry
import JobStore
import Orders
import Testing

/// The meaning of a log's records.
@Suite struct FoldedLogTests {
  // two bricks of 8 x 16 x 16 and one of 8 x 16 x 8 blocks
  private let layout = BrickLayout(grid: TCZYX(z: 8, y: 16, x: 40), brick: TCZYX(z: 8, y: 16, x: 16))
  private let start = Date(milliseconds: 1_700_000_000_000)

  private func header(order: String = "o", level: Int = 1, task: Int = 4) -> LogRecord {
    .header(
      LogHeader(
        order: order, level: level, share: 3, shareCount: 9, task: task, host: "h", pid: 1, program: "p",
        temporaryTag: "t", startedAt: 0))
  }

  private func log(_ records: [LogRecord]) -> FoldedLog {
    var log = FoldedLog(order: "o", level: 1, layout: layout)
    for record in records { log.add(record) }
    return log
  }

  private func place(_ brick: Int, _ index: Int) -> BlockPlace { BlockPlace(brick: brick, index: index) }

  @Test func recordsAddUp() throws {
    var log = log([
      header(), .taken([place(0, 1), place(0, 2), place(2, 5)]),
      .settled(
        at: start + 5,
        [SettledBlock(place: place(0, 1), isEmpty: false, checksum: 9), SettledBlock(place: place(1, 3), isEmpty: true)]),
      .failed(FailedBlock(place: place(2, 5), code: "c", message: "m", at: 1000)),
      .emptyBricks(at: start + 2, [1..<2]),
    ])
    #expect(log.writer == 4 && !log.hasEnded && log.newestAt == start + 5)
    #expect(log.inHand(0) == [2] && log.inHand(2).isEmpty)
    let taken = log.takeNews()
    let news = try #require(taken)
    #expect(news.emptyBricks == [1..<2])
    #expect(news.bricks.keys.sorted() == [0, 1, 2])
    #expect(news.bricks[0]?.bits.state(1) == .done && news.bricks[0]?.checksums == [1: 9])
    #expect(news.bricks[1]?.bits.state(3) == .empty)
    #expect(news.bricks[2]?.failures == [5: .init(code: "c", message: "m", at: Date(milliseconds: 1000))])
    #expect(news.bricks[2]?.bits.count == layout.extent(2).product)
    // what was taken is not said again
    let second = log.takeNews()
    let rest = try #require(second)
    #expect(rest.bricks.isEmpty && rest.emptyBricks.isEmpty)
    log.add(.ended(at: start + 9, outcome: "complete"))
    #expect(log.hasEnded && log.inHand(0).isEmpty && log.newestAt == start + 9)
    // an attempt that goes on after all has not ended
    log.add(.taken([place(0, 7)]))
    #expect(!log.hasEnded && log.inHand(0) == [7])
  }

  @Test(arguments: [("another", 1), ("o", 2)])
  func aLogOfSomethingElseSaysNothing(order: String, level: Int) {
    var log = log([
      header(order: order, level: level), .taken([place(0, 2)]),
      .settled(at: start, [SettledBlock(place: place(0, 1), isEmpty: false)]),
    ])
    #expect(log.writer == nil && log.inHand(0).isEmpty)
    let news = log.takeNews()
    #expect(news?.emptyBricks == nil)
  }

  /// A part of a log that is read later begins without a header.
  @Test func aPartNeedsNoHeader() throws {
    var log = log([.settled(at: start, [SettledBlock(place: place(0, 1), isEmpty: false)])])
    let taken = log.takeNews()
    let news = try #require(taken)
    #expect(news.bricks[0]?.bits.done.population == 1)
  }

  @Test func placesOutsideTheLevelCountForNothing() throws {
    let outside = [place(3, 0), place(2, layout.extent(2).product), place(0, 65_535)]
    var log = log([
      header(), .taken(outside), .settled(at: start, outside.map { SettledBlock(place: $0, isEmpty: false) }),
      .failed(FailedBlock(place: outside[0], code: "c", message: "m", at: 0)), .emptyBricks(at: start, [2..<1000, 7..<9]),
    ])
    #expect((0..<4).allSatisfy { log.inHand($0).isEmpty })
    let taken = log.takeNews()
    let news = try #require(taken)
    #expect(news.bricks.isEmpty && news.emptyBricks == [2..<3])
  }
}
