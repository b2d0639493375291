import Foundation

/// The logs of an order, as far as they were read.
public struct OrderLogs: Hashable, Sendable {
  public let count: Int
  /// Logs whose attempts came to an end of their own.
  public let endedCount: Int
  public let byteCount: Int
  /// The time of the newest record.
  public let newestAt: Date?

  public init(count: Int = 0, endedCount: Int = 0, byteCount: Int = 0, newestAt: Date? = nil) {
    (self.count, self.endedCount, self.byteCount, self.newestAt) = (count, endedCount, byteCount, newestAt)
  }
}
