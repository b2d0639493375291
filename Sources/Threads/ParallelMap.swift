import Foundation
import Synchronization

/// Calls `body` for 0 ..< `count` on threads of its own and gives the results in order.
///
/// For work that mostly waits for a disk: the threads are more than the processors, and none is one of the shared pool.
/// Where the system starts none, the caller's is one, too.
package func parallelMap<T: Sendable>(count: Int, threads: Int?, _ body: @escaping @Sendable (Int) -> T) -> [T] {
  let batch = 32
  let wanted = threads ?? min(64, max(16, 2 * ProcessInfo.processInfo.activeProcessorCount))
  let threadCount = max(1, min(wanted, count / batch))
  if threadCount == 1 { return (0..<count).map(body) }

  let state = BatchResults<T>()
  let work: @Sendable (Int) -> Void = { _ in
    while true {
      let first = state.next.add(batch, ordering: .relaxed).oldValue
      if first >= count { break }
      let results = (first..<min(first + batch, count)).map(body)
      state.batches.withLock { $0[first] = results }
    }
  }
  do throws(ThreadError) {
    try ThreadGroup(name: "blockfuse-map", count: threadCount, body: work).join()
  } catch {
    work(0)
  }
  return state.batches.withLock { batches in
    var all: [T] = []
    all.reserveCapacity(count)
    for first in batches.keys.sorted() { all += batches[first] ?? [] }
    return all
  }
}

/// What the threads of one call share.
private final class BatchResults<T: Sendable>: Sendable {
  let next = Atomic<Int>(0)
  let batches = Mutex<[Int: [T]]>([:])
}
