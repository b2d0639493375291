import Foundation
import Synchronization

/// Hands items from many threads to many: as many may wait or be in work as its capacity, and each wakes one thread alone.
package final class BoundedQueue<Item: Sendable>: Sendable {
  private let items = Mutex<[Item]>([])
  // both begin at 0, since a semaphore must not be let go of below the value that it began with
  private let room = DispatchSemaphore(value: 0)
  private let ready = DispatchSemaphore(value: 0)

  package init(capacity: Int) {
    for _ in 0..<capacity { room.signal() }
  }

  /// Waits while there is no room.
  package func put(_ item: Item) {
    room.wait()
    items.withLock { $0.append(item) }
    ready.signal()
  }

  /// Waits for the oldest item; nil once the queue is closed and empty. `finished` is to follow each item.
  package func take() -> Item? {
    ready.wait()
    let item = items.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    // the end is for all who take
    if item == nil { ready.signal() }
    return item
  }

  /// The work on an item that was taken is done.
  package func finished() { room.signal() }

  /// Nothing more is put.
  package func close() { ready.signal() }
}
