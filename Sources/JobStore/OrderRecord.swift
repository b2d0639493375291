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

/// What the new part of one log says, for the database.
package struct LogNews: Sendable {
  package struct Brick: Sendable {
    package var done: Bitmap
    package var empty: Bitmap
    package var checksums: [Int: UInt32] = [:]
    package var failures: [Int: Failure] = [:]

    package init(count: Int) {
      (done, empty) = (Bitmap(count: count), Bitmap(count: count))
    }
  }

  package struct Failure: Sendable {
    package let code: String
    package let message: String
    package let at: Date

    package init(code: String, message: String, at: Date) {
      (self.code, self.message, self.at) = (code, message, at)
    }
  }

  /// Relative to the order's folder.
  package let name: String
  package let level: Int
  /// The part of the file that was read.
  package let read: Range<Int>
  package var newestAt: Date?
  package var hasEnded = false
  package var bricks: [Int: Brick] = [:]
  /// Whole bricks that are empty.
  package var emptyBricks: [Range<Int>] = []

  package init(name: String, level: Int, read: Range<Int>) {
    (self.name, self.level, self.read) = (name, level, read)
  }
}

/// The bits of one brick that has a row, for those who go on from there.
package struct BrickBits: Hashable, Sendable {
  package var done: Bitmap
  package var empty: Bitmap
  package var failed: Bitmap

  package init(done: Bitmap, empty: Bitmap, failed: Bitmap) {
    (self.done, self.empty, self.failed) = (done, empty, failed)
  }

  package init(count: Int) {
    self.init(done: Bitmap(count: count), empty: Bitmap(count: count), failed: Bitmap(count: count))
  }
}
