import Foundation
import JobStore
import Output
import Store

/// How much tasks have logged that the job's record does not know yet. Looks at the sizes of files only, and not at more
/// than `limit` of them: on the file systems of clusters each look takes a while.
package struct OrderFreshness: Sendable {
  /// Logs that have grown, or are new, since they were collected.
  package private(set) var logCount = 0
  package private(set) var byteCount = 0
  /// When the youngest of them was written to, by the clock of its file system.
  package private(set) var writtenAt: Date?
  /// Whether all logs were looked at; else there may be more.
  package private(set) var isWhole = true

  package var isBehind: Bool { logCount > 0 }

  private static let limit = 4096
  /// A torn record at the end of a log is not news for ever; clocks may differ by so much.
  private static let clockSeconds = 60.0

  package init(_ order: OrderRecord, in store: JobStore) throws {
    let positions = try store.logPositions(of: order.id)
    var left = Self.limit
    for level in names(in: order.path, "level-") {
      for cut in names(in: level, "of-") {
        for task in names(in: cut, "task-") {
          for log in names(in: task, "") where log.hasSuffix(".log") {
            if left == 0 {
              isWhole = false
              return
            }
            left -= 1
            look(at: log, read: positions[String(log.dropFirst(order.path.count + 1))], collectedAt: order.collectedAt)
          }
        }
      }
    }
  }

  /// Paths. A folder that cannot be read is for `collect` to say.
  private mutating func names(in folder: String, _ prefix: String) -> [String] {
    guard let names = try? WorkOrder.names(in: folder) else {
      isWhole = false
      return []
    }
    return names.filter { $0.hasPrefix(prefix) }.map { "\(folder)/\($0)" }
  }

  private mutating func look(at path: String, read: Int?, collectedAt: Date?) {
    guard let info = (try? Place(path).look()) ?? nil, info.byteCount > read ?? 0 else { return }
    let writtenAt = info.modifiedAt
    if read != nil, let collectedAt, writtenAt < collectedAt - Self.clockSeconds { return }
    logCount += 1
    byteCount += info.byteCount - (read ?? 0)
    self.writtenAt = max(self.writtenAt ?? writtenAt, writtenAt)
  }
}
