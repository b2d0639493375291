/// What news of a brick change of its record: the rules by which logs are merged, and by which those who only look on count.
///
/// What is settled stays as it is, a block that is done is never failed, and what a live process has in hand is left to it.
struct BrickChange {
  /// Settled by the news.
  let done: Bitmap
  let empty: Bitmap
  /// Settled now, and failed before.
  let mended: Bitmap
  /// Failed by the news.
  let failed: Bitmap

  /// - Parameters:
  ///   - done, empty, failed: the blocks of the record.
  ///   - claimed: those in the hands of live processes.
  init(_ news: BrickBits, done: Bitmap, empty: Bitmap, failed: Bitmap, claimed: Bitmap) {
    var closed = claimed
    closed.formUnion(done)
    closed.formUnion(empty)
    var settled = news.done
    settled.formUnion(news.empty)
    settled.subtract(closed)
    (self.done, self.empty) = (news.done.without(closed), news.empty.without(closed))
    mended = settled.without(settled.without(failed))
    closed.formUnion(settled)
    closed.formUnion(failed)
    self.failed = news.failed.without(closed)
  }

  var settledCount: Int { done.population + empty.population }
  var counts: BlockCounts {
    BlockCounts(done: done.population, empty: empty.population, failed: failed.population - mended.population)
  }
}

extension Bitmap {
  fileprivate func without(_ other: Bitmap) -> Bitmap {
    var left = self
    left.subtract(other)
    return left
  }
}
