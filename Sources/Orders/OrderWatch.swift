import Foundation
import Geometry
import JobStore
import Store

/// Follows the logs of an open work order for those who only look on: `status` and `serve`. What they say beyond the job's
/// record is folded in memory, by the same code as `collect` does it, and written nowhere. A look takes about a second at most;
/// what it did not get to is read by the next one.
package struct OrderWatch: Sendable {
  /// A log as far as it was read.
  private struct Followed {
    /// How far the record knew the log when it was begun with.
    let recorded: Int
    var tail: LogTail
    var said: FoldedLog
    var info: (byteCount: Int, modifiedAt: Date)
  }

  /// A folder with the logs of one share.
  private struct Share {
    let level: Int
    let folder: String
  }

  package let order: OrderRecord
  private let levels: [LevelLayout]
  private var logs: [String: Followed] = [:]
  /// Folders that this round of looking has not come to, and all that there are.
  private var left: [Share] = []
  private var folders = 0
  private var roundBegan = Date.distantPast
  private var asOf: Date?

  /// What was done within so long makes the rate; a log that has not grown for longer is that of a task that is not at work.
  package static let windowSeconds = 600.0
  /// Of a log that is longer, what the record knows already is not read again for the sake of the rate.
  private static let historyByteCount = 16 << 20

  package init(_ order: OrderRecord, levels: [LevelLayout]) { (self.order, self.levels) = (order, levels) }

  /// The job's progress with what the logs say.
  ///
  /// - Parameter seconds: of reading, at most; one log at least is read in each look.
  package mutating func look(in store: JobStore, seconds: Double = 1, now: () -> Date = { Date() }) throws -> JobProgress {
    let begin = now()
    let positions = try store.logPositions(of: order.id)
    // what was recorded meanwhile, by whomever, is read from there on
    logs = logs.filter { positions[$0.key] ?? 0 == $0.value.recorded }
    if left.isEmpty { beginRound(at: begin) }
    func isOver() -> Bool { now().timeIntervalSince(begin) >= seconds }
    repeat {
      guard let share = left.last else { break }
      let isRead = read(share, positions, since: begin - Self.windowSeconds, isOver: isOver)
      if !isRead { break }
      left.removeLast()
    } while !isOver()
    if left.isEmpty { asOf = roundBegan }
    return try store.progress(of: order.job, adding: news, of: order.id, tasks: work(at: begin))
  }

  private mutating func beginRound(at moment: Date) {
    roundBegan = moment
    for layout in levels {
      let folder = "level-\(layout.level)"
      for cut in names(in: folder, "of-") {
        left += names(in: "\(folder)/\(cut)", "task-").map { Share(level: layout.level, folder: "\(folder)/\(cut)/\($0)") }
      }
    }
    // the lowest level last in the list, and first in turn
    left.reverse()
    folders = left.count
  }

  /// A folder that cannot be read is for `collect` to say.
  private func names(in folder: String, _ prefix: String) -> [String] {
    ((try? WorkOrder.names(in: "\(order.path)/\(folder)")) ?? []).filter { $0.hasPrefix(prefix) }.sorted()
  }

  /// Reads what is new in the logs of a share. Returns whether all of it was read.
  private mutating func read(_ share: Share, _ positions: [String: Int], since moment: Date, isOver: () -> Bool) -> Bool {
    for file in names(in: share.folder, "") where file.hasSuffix(".log") {
      let name = "\(share.folder)/\(file)"
      let path = "\(order.path)/\(name)"
      guard let info = (try? Place(path).look()) ?? nil else { continue }
      let recorded = positions[name] ?? 0
      var log =
        logs[name]
        ?? begun(path, share.level, recorded: recorded, isRecent: info.modifiedAt >= moment && recorded <= Self.historyByteCount)
      log.info = (info.byteCount, info.modifiedAt)
      var (tail, said) = (log.tail, log.said)
      try? tail.read(isOver: isOver) { said.add($0) }
      (log.tail, log.said) = (tail, said)
      logs[name] = log
      if tail.restByteCount > 0, isOver() { return false }
    }
    return true
  }

  /// A log that is read from where the record knows it; for the rate and for what is in hand also what is before that.
  private func begun(_ path: String, _ level: Int, recorded: Int, isRecent: Bool) -> Followed {
    let layout = BrickLayout(grid: levels[level].grid.count)
    let fresh = FoldedLog(order: order.uuid, level: level, layout: layout, looksOn: true)
    var (said, tail) = (fresh, LogTail(path: path))
    if recorded > 0 {
      if isRecent { try? tail.read(to: recorded) { said.add($0) } }
      _ = said.takeNews()
      if tail.position != recorded { (said, tail) = (fresh, LogTail(path: path, position: recorded)) }
    }
    return Followed(recorded: recorded, tail: tail, said: said, info: (0, .distantPast))
  }

  private var news: [LogNews] {
    logs.compactMap { name, log in
      guard log.tail.position > log.recorded, let (bricks, emptyBricks) = log.said.news,
        let level = Int(name.dropFirst("level-".count).prefix { $0 != "/" })
      else { return nil }
      return LogNews(
        name: name, level: level, read: log.recorded..<log.tail.position, newestAt: log.said.newestAt, hasEnded: log.said.hasEnded,
        bricks: bricks, emptyBricks: emptyBricks)
    }
  }

  /// A torn record at the end of a log is not news for ever; clocks may differ by a minute.
  private func isOld(_ log: Followed) -> Bool {
    guard log.recorded > 0, let collectedAt = order.collectedAt else { return false }
    return log.info.modifiedAt < collectedAt - 60
  }

  /// Of all logs together; a block counts as in hand until its task has logged what became of it.
  private mutating func work(at moment: Date) -> TaskWork {
    var work = TaskWork()
    (work.asOf, work.folders, work.readFolders) = (asOf, folders, folders - left.count)
    let since = moment - Self.windowSeconds
    var attempts: Set<Substring> = []
    var first = moment
    var newest: Date?
    for name in Array(logs.keys) {
      guard var log = logs[name], let level = Int(name.dropFirst("level-".count).prefix { $0 != "/" }) else { continue }
      let done = log.said.work(since: since)
      logs[name] = log
      if log.info.byteCount > log.recorded, !isOld(log) {
        (work.grownLogs, work.grownBytes) = (work.grownLogs + 1, work.grownBytes + log.info.byteCount - log.recorded)
        work.writtenAt = max(work.writtenAt ?? log.info.modifiedAt, log.info.modifiedAt)
      }
      let voxels = levels[level].grid.block.product
      for part in done {
        work.voxels += (part.done + part.empty) * voxels
        work.writtenVoxels += part.done * voxels
      }
      if let latest = done.last?.at { newest = max(newest ?? latest, latest) }
      if let earliest = done.first?.at { first = min(first, log.said.startedAt.map { max(since, $0) } ?? earliest) }
      guard !log.said.hasEnded, log.info.modifiedAt >= since else { continue }
      work.inHand[level, default: 0] += log.said.inHandCount
      // a process has a log of each share at which it is
      attempts.insert(name.split(separator: "/").last?.prefix { $0 != "." }.split(separator: "-").dropLast().last ?? "")
    }
    work.atWork = attempts.count
    // what was done since the last record is not known yet: tasks write every ten seconds
    let end = newest.map { moment.timeIntervalSince($0) < 15 ? $0 : moment } ?? moment
    work.seconds = max(1, end.timeIntervalSince(first))
    return work
  }
}
