import Foundation
import JobStore
import Testing

/// The rules by which what logs say of a block is taken, whatever order it is heard in.
@Suite struct BrickNewsTests {
  private enum Word: CaseIterable {
    case done, empty, failed

    func tell(_ news: inout BrickNews, of block: Int) {
      switch self {
      case .done: news.settle(block, isEmpty: false, checksum: 7)
      case .empty: news.settle(block, isEmpty: true)
      case .failed:
        news.fail(block, BrickNews.Failure(code: "c", message: "m", at: Date(timeIntervalSince1970: 1)))
      }
    }

    func tell(_ bits: inout BrickBits, of block: Int) {
      switch self {
      case .done: bits.settle(block, isEmpty: false)
      case .empty: bits.settle(block, isEmpty: true)
      case .failed: bits.fail(block)
      }
    }
  }

  /// Every sequence of up to four words: done counts before empty, both before failed.
  @Test func theOrderOfWordsDoesNotMatter() {
    var sequences: [[Word]] = [[]]
    for _ in 0..<4 { sequences += sequences.flatMap { s in Word.allCases.map { s + [$0] } } }
    for sequence in sequences {
      var news = BrickNews(count: 3)
      for word in sequence { word.tell(&news, of: 1) }
      let expected: BlockState =
        sequence.contains(.done) ? .done : sequence.contains(.empty) ? .empty : sequence.contains(.failed) ? .failed : .pending
      #expect(news.bits.state(1) == expected, "\(sequence)")
      #expect(news.failures.keys.sorted() == (expected == .failed ? [1] : []))
      #expect(news.checksums[1] == (sequence.contains(.done) ? 7 : nil))
      #expect(news.bits.state(0) == .pending && news.bits.state(2) == .pending)
      let states = [news.bits.done, news.bits.empty, news.bits.failed].map(\.population)
      #expect(states.reduce(0, +) == (expected == .pending ? 0 : 1), "no block is in two states")
    }
  }

  /// What two have heard apart, joined, is what one has heard who heard all.
  @Test func partsJoinToTheWhole() {
    for a in [[], [Word.done], [.empty], [.failed], [.failed, .empty]] {
      for b in [[], [Word.done], [.empty], [.failed], [.done, .failed]] {
        var (first, second, whole) = (BrickBits(count: 70), BrickBits(count: 70), BrickBits(count: 70))
        for word in a { word.tell(&first, of: 69) }
        for word in b { word.tell(&second, of: 69) }
        for word in a + b { word.tell(&whole, of: 69) }
        first.formUnion(second)
        #expect(first == whole, "\(a) and \(b)")
      }
    }
  }

  @Test func anEmptyBrickKeepsWhatIsDone() {
    var news = BrickNews(count: 70)
    news.settle(3, isEmpty: false)
    news.fail(4, BrickNews.Failure(code: "c", message: "m", at: Date(timeIntervalSince1970: 1)))
    news.settleEmpty()
    #expect(news.bits.state(3) == .done)
    #expect(news.bits.empty.population == 69 && news.bits.isSettled && news.failures.isEmpty)
  }

  @Test func contradictoryBitsAreMadeConsistent() {
    let all = Bitmap.full(count: 5)
    var some = Bitmap(count: 5)
    some[2] = true
    let bits = BrickBits(done: some, empty: all, failed: all)
    #expect(bits.done.population == 1 && bits.empty.population == 4 && bits.failed.population == 0)
    #expect(bits.settledCount == 5)
  }
}
