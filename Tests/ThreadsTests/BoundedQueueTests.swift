import Foundation
import Synchronization
import Testing
import Threads

@Suite struct BoundedQueueTests {
  /// What threads do with a queue, and a wait for their ends.
  private final class Hands: Sendable {
    let queue: BoundedQueue<Int>
    let taken = Mutex<[Int]>([])
    let put = Mutex(0)
    private let inWork = Mutex((now: 0, most: 0))
    private let running = DispatchGroup()

    init(capacity: Int) { queue = BoundedQueue(capacity: capacity) }

    var mostInWork: Int { inWork.withLock { $0.most } }

    func start(_ body: @escaping @Sendable () -> Void) {
      running.enter()
      Thread { [running] in
        body()
        running.leave()
      }.start()
    }

    func wait() { running.wait() }

    func put(_ items: Range<Int>) {
      for item in items {
        queue.put(item)
        put.withLock { $0 += 1 }
      }
    }

    func takeAll() {
      while let item = queue.take() {
        inWork.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        taken.withLock { $0.append(item) }
        inWork.withLock { $0.now -= 1 }
        queue.finished()
      }
    }
  }

  @Test func allItemsOnceAndNeverTooMany() {
    let (makers, takers) = (Hands(capacity: 2), 5)
    let rest = Hands(capacity: 1)
    for _ in 0..<takers { rest.start { makers.takeAll() } }
    for i in 0..<4 { makers.start { makers.put(i * 2_000..<(i + 1) * 2_000) } }
    makers.wait()
    makers.queue.close()
    rest.wait()
    #expect(makers.taken.withLock { $0.sorted() } == Array(0..<8_000))
    #expect(makers.mostInWork <= 2)
  }

  @Test func putsWaitForWhatIsInWork() {
    let hands = Hands(capacity: 2)
    hands.start { hands.put(1..<4) }
    #expect(hands.queue.take() == 1)
    // long enough for a third that did not wait
    Thread.sleep(forTimeInterval: 0.05)
    #expect(hands.put.withLock { $0 } == 2)
    hands.queue.finished()
    hands.wait()
    #expect([hands.queue.take(), hands.queue.take()] == [2, 3])
    hands.queue.close()
    #expect([hands.queue.take(), hands.queue.take()] == [nil, nil])
  }
}
