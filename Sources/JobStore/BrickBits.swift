/// The blocks of one brick that are done, empty or failed: no block is in two of the three.
///
/// These are the rules by which all who read logs take what is said of a block, in whatever order they hear it: done
/// counts before empty, and both before failed. What the database has recorded as settled stays as it is.
package struct BrickBits: Hashable, Sendable {
  package private(set) var done: Bitmap
  package private(set) var empty: Bitmap
  package private(set) var failed: Bitmap

  package init(done: Bitmap, empty: Bitmap, failed: Bitmap) {
    (self.done, self.empty, self.failed) = (done, empty, failed)
    self.empty.subtract(done)
    self.failed.subtract(done)
    self.failed.subtract(empty)
  }

  package init(count: Int) {
    (done, empty, failed) = (Bitmap(count: count), Bitmap(count: count), Bitmap(count: count))
  }

  package var count: Int { done.count }
  package var settledCount: Int { done.population + empty.population }
  package var isSettled: Bool { settledCount == count }

  package func isSettled(_ block: Int) -> Bool { done[block] || empty[block] }

  package func state(_ block: Int) -> BlockState {
    done[block] ? .done : empty[block] ? .empty : failed[block] ? .failed : .pending
  }

  package mutating func settle(_ block: Int, isEmpty: Bool) {
    if !isEmpty { done[block] = true }
    empty[block] = !done[block]
    failed[block] = false
  }

  package mutating func fail(_ block: Int) {
    if !isSettled(block) { failed[block] = true }
  }

  /// All blocks are empty but those that are done.
  package mutating func settleEmpty() {
    empty = done
    empty.invert()
    failed = Bitmap(count: count)
  }

  package mutating func formUnion(_ other: BrickBits) {
    done.formUnion(other.done)
    empty.formUnion(other.empty)
    empty.subtract(done)
    failed.formUnion(other.failed)
    failed.subtract(done)
    failed.subtract(empty)
  }
}
