import Diagnostics
import Foundation

/// A work order of a job, as the database knows it.
public struct OrderRecord: Hashable, Sendable, Identifiable {
  public let id: Int64
  public let job: JobID
  public let uuid: String
  /// The folder that holds the frozen job and the logs of the tasks.
  public let path: String
  public let madeAt: Date
  /// Nil while its logs are to be read.
  public let closedAt: Date?
  /// When logs were last read; nil: never.
  public let collectedAt: Date?

  public var isOpen: Bool { closedAt == nil }

  public init(
    id: Int64, job: JobID, uuid: String, path: String, madeAt: Date, closedAt: Date? = nil, collectedAt: Date? = nil
  ) {
    (self.id, self.job, self.uuid, self.path, self.madeAt) = (id, job, uuid, path, madeAt)
    (self.closedAt, self.collectedAt) = (closedAt, collectedAt)
  }
}

/// The logs of an order, as far as they were read.
public struct OrderLogs: Hashable, Sendable {
  public var count = 0
  /// Those whose attempts came to an end of their own.
  public var endedCount = 0
  public var byteCount = 0
  /// The time of the newest record.
  public var newestAt: Date?

  public init(count: Int = 0, endedCount: Int = 0, byteCount: Int = 0, newestAt: Date? = nil) {
    (self.count, self.endedCount, self.byteCount, self.newestAt) = (count, endedCount, byteCount, newestAt)
  }
}
