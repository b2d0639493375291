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
