import Foundation
import GRDB
import Geometry

extension JobStore {
  /// The progress of a job, with what logs say beyond its record: counted as `merge` would record it, and written nowhere.
  /// A part of a log that was recorded meanwhile is passed over.
  package func progress(
    of job: JobID, adding news: [LogNews], of order: OrderRecord.ID, tasks: TaskWork
  ) throws(JobStoreError) -> JobProgress {
    try read { db in
      let recorded = try self.progress(db, String(job))
      var read: [String: Int] = [:]
      try db.each("SELECT name, bytes FROM work_log WHERE work_order = ?", [order]) { read[try $0.text("name")] = try $0.integer("bytes") }
      let fresh = Dictionary(grouping: news.filter { read[$0.name] ?? 0 == $0.read.lowerBound }, by: \.level)
      let live = Set(recorded.runs.filter(\.isLive).map(\.id))
      let rows = try LevelRow.all(db, job: job)
      let levels = try recorded.levels.map { level in
        let number = level.layout.level
        var counts = level.counts
        if let logs = fresh[number] {
          counts = counts + (try LoggedCounts(db, job, rows[number], live: live).change(by: logs))
        }
        // what is in hand is still to be settled
        counts.running = min(counts.running + (tasks.inHand[number] ?? 0), counts.total - counts.settled - counts.failed)
        return LevelRecord(layout: level.layout, counts: counts)
      }
      return JobProgress(
        job: recorded.job.with(counts: levels.map(\.counts), isAtWork: tasks.atWork > 0 || !live.isEmpty), levels: levels,
        runs: recorded.runs, samples: recorded.samples, refusal: recorded.refusal, newestOrder: recorded.newestOrder,
        readAt: recorded.readAt, tasks: tasks)
    }
  }
}

extension JobRecord {
  /// As it stands by its logs. Where all is settled it is not complete before they are collected: the last metadata are
  /// written then.
  fileprivate func with(counts: [BlockCounts], isAtWork: Bool) -> JobRecord {
    let logged = isAtWork ? .running : JobState(of: counts, before: state, after: .collected)
    return JobRecord(
      id: id, state: logged == .complete ? (state == .pending ? .interrupted : state) : logged, description: description,
      counts: counts.reduce(BlockCounts(), +), createdAt: createdAt, finishedAt: finishedAt)
  }
}

/// What logs change of the counts of a level.
private struct LoggedCounts {
  let db: Database
  let job: JobID
  let level: LevelRow
  let live: Set<Int64>

  init(_ db: Database, _ job: JobID, _ level: LevelRow, live: Set<Int64>) {
    (self.db, self.job, self.level, self.live) = (db, job, level, live)
  }

  func change(by logs: [LogNews]) throws -> BlockCounts {
    var bricks: [Int: BrickBits] = [:]
    for log in logs {
      for (brick, news) in log.bricks where (0..<level.bricks.count).contains(brick) {
        bricks[brick, default: BrickBits(count: news.bits.count)].formUnion(news.bits)
      }
    }
    var empty = IndexSet()
    for run in logs.flatMap(\.emptyBricks) { empty.insert(integersIn: run.clamped(to: 0..<level.bricks.count)) }
    for brick in bricks.keys where empty.contains(brick) {
      bricks[brick]?.settleEmpty()
      empty.remove(brick)
    }
    var sum = BlockCounts()
    for run in empty.rangeView { sum = sum + (try change(byEmpty: run)) }
    for (brick, bits) in bricks { sum = sum + (try change(by: bits, BrickPlace(brick, in: level.bricks))) }
    sum.total = 0
    return sum
  }

  private func change(by news: BrickBits, _ place: BrickPlace) throws -> BlockCounts {
    let row = try BrickRow.load(db, job: job, level: level.layout.level, place) ?? BrickRow(place)
    if row.isSettled { return BlockCounts() }
    let none = Bitmap(count: place.count)
    return BrickChange(
      news, done: row.done, empty: row.empty,
      failed: level.failed == 0 ? none : try BrickRow.failed(db, job: job, level: level.layout.level, place),
      claimed: live.isEmpty ? none : try BrickRow.claimed(db, job: job, level: level.layout.level, place, runs: live)
    ).counts
  }

  /// Bricks of which most have no row: these are not looked at one by one.
  private func change(byEmpty run: Range<Int>) throws -> BlockCounts {
    var sum = BlockCounts()
    var known = IndexSet()
    try db.each(
      "SELECT brick FROM brick WHERE job = ? AND level = ? AND brick BETWEEN ? AND ?",
      [job, level.layout.level, run.lowerBound, run.upperBound - 1]
    ) { known.insert(try $0.integer("brick")) }
    for brick in run {
      let place = BrickPlace(brick, in: level.bricks)
      guard known.contains(brick) else {
        sum.empty += place.count
        continue
      }
      var news = BrickBits(count: place.count)
      news.settleEmpty()
      sum = sum + (try change(by: news, place))
    }
    return sum
  }
}
