/// How many blocks are in which state; the five add up to `total`.
public struct BlockCounts: Hashable, Sendable, Codable {
  public var total: Int
  public var done: Int
  public var empty: Int
  public var failed: Int
  /// Blocks in the hands of a live process.
  public var running: Int

  public init(total: Int = 0, done: Int = 0, empty: Int = 0, failed: Int = 0, running: Int = 0) {
    (self.total, self.done, self.empty, self.failed, self.running) = (total, done, empty, failed, running)
  }

  public var pending: Int { total - done - empty - failed - running }
  /// Blocks that are done or empty.
  public var settled: Int { done + empty }
  public var isSettled: Bool { settled == total }

  public static func + (a: BlockCounts, b: BlockCounts) -> BlockCounts {
    BlockCounts(
      total: a.total + b.total, done: a.done + b.done, empty: a.empty + b.empty, failed: a.failed + b.failed,
      running: a.running + b.running)
  }
}
