import Synchronization
import Testing
import Threads

@Suite struct ParallelMapTests {
  @Test(arguments: [0, 1, 31, 32, 33, 1000], [nil, 1, 3, 200])
  func givesEveryResultOnceInOrder(count: Int, threads: Int?) {
    let calls = Mutex(0)
    let results = parallelMap(count: count, threads: threads) { i in
      calls.withLock { $0 += 1 }
      return i * i
    }
    #expect(results == (0..<count).map { $0 * $0 })
    #expect(calls.withLock { $0 } == count)
  }
}
