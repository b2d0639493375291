import Diagnostics
import Faults
import Foundation
import GRDB
import Geometry

/// Work orders: recording them, and merging what the logs of their tasks say.
extension JobStore {
  /// Records a new order, which is then the job's open one; an earlier one is closed, and returned as well.
  public func beginOrder(_ order: OrderRecord) throws(JobStoreError) -> (begun: OrderRecord, replaced: [OrderRecord]) {
    try write { db in
      _ = try self.storedState(db, order.job)
      let replaced = try JobStore.orders(db, of: order.job).filter(\.isOpen)
      try db.run(
        "UPDATE work_order SET closed_ms = ? WHERE job = ? AND closed_ms IS NULL", [Date().milliseconds, order.job])
      try db.insert(
        into: "work_order",
        ["job": order.job, "uuid": order.uuid, "path": order.path, "made_ms": order.madeAt.milliseconds])
      try db.reach(.beginningOrder)
      let begun = OrderRecord(
        id: db.lastInsertedRowID, job: order.job, uuid: order.uuid, path: order.path, madeAt: order.madeAt)
      return (begun, replaced)
    }
  }

  /// Its logs will be read no more.
  public func closeOrder(_ order: OrderRecord.ID) throws(JobStoreError) {
    try write { db in
      try db.run(
        "UPDATE work_order SET closed_ms = ? WHERE id = ? AND closed_ms IS NULL", [Date().milliseconds, order])
      try db.reach(.closingOrder)
    }
  }

  /// Oldest first.
  public func orders(of job: JobID) throws(JobStoreError) -> [OrderRecord] {
    try read { db in try JobStore.orders(db, of: job) }
  }

  static func orders(_ db: Database, of job: JobID) throws -> [OrderRecord] {
    try db.rows("SELECT * FROM work_order WHERE job = ? ORDER BY id", [job]).map { row in
      OrderRecord(
        id: Int64(try row.integer("id")), job: try row.integer("job"), uuid: try row.text("uuid"),
        path: try row.text("path"), madeAt: try row.date("made_ms"), closedAt: try row.optionalDate("closed_ms"),
        collectedAt: try row.optionalDate("collected_ms"))
    }
  }

  /// The order whose tasks may be at work; nil if none is out.
  public func openOrder(of job: JobID) throws(JobStoreError) -> OrderRecord? {
    try orders(of: job).last(where: \.isOpen)
  }

  /// Throws where tasks may be at work.
  func refuseOpenOrder(_ db: Database, _ job: JobID) throws {
    if let order = try JobStore.orders(db, of: job).last(where: \.isOpen) {
      throw JobStoreError.orderOut(job: job, order: order.path)
    }
  }

  public func logs(of order: OrderRecord.ID) throws(JobStoreError) -> OrderLogs {
    try read { db in
      let row = try db.row(
        """
        SELECT count(*) AS count, ifnull(sum(ended), 0) AS ended, ifnull(sum(bytes), 0) AS bytes,
          max(newest_ms) AS newest_ms
        FROM work_log WHERE work_order = ?
        """, [order])
      guard let row else { return OrderLogs() }
      return OrderLogs(
        count: try row.integer("count"), endedCount: try row.integer("ended"), byteCount: try row.integer("bytes"),
        newestAt: try row.optionalDate("newest_ms"))
    }
  }

  /// How far each log was read, by its name.
  package func logPositions(of order: OrderRecord.ID) throws(JobStoreError) -> [String: Int] {
    try read { db in
      var positions: [String: Int] = [:]
      try db.each("SELECT name, bytes FROM work_log WHERE work_order = ?", [order]) {
        positions[try $0.text("name")] = try $0.integer("bytes")
      }
      return positions
    }
  }

  /// Records what logs say, in one transaction: what is settled stays so, a block that is done is never failed, and what
  /// a live process has in hand is left to it. A part that was read before is passed over. Returns the blocks settled.
  package func merge(_ news: [LogNews], of order: OrderRecord) throws(JobStoreError) -> Int {
    let settled = try apply(news, of: order)
    try reach(.merged)
    return settled
  }

  private func apply(_ news: [LogNews], of order: OrderRecord) throws(JobStoreError) -> Int {
    try write { db in
      try self.freeDead(db, order.job)
      let levels = try LevelRow.all(db, job: order.job)
      var settled = 0
      for log in news {
        guard levels.indices.contains(log.level) else {
          throw JobStoreError.invalid("job \(order.job) has no level \(log.level)")
        }
        let before =
          try db.integer(
            "SELECT bytes FROM work_log WHERE work_order = ? AND name = ?", [order.id, log.name]) ?? 0
        // somebody else has collected meanwhile
        guard before == log.read.lowerBound else { continue }
        settled += try Merge(db, order.job, levels[log.level]).apply(log)
        try db.run(
          """
          INSERT INTO work_log (work_order, name, bytes, newest_ms, ended) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (work_order, name) DO UPDATE
          SET bytes = excluded.bytes, newest_ms = ifnull(excluded.newest_ms, newest_ms), ended = excluded.ended
          """,
          [order.id, log.name, log.read.upperBound, log.newestAt?.milliseconds, log.hasEnded ? 1 : 0])
      }
      for level in levels {
        let number = level.layout.level
        let first = try level.firstUntouched(db, job: order.job, from: level.untouched)
        if first > level.untouched { try LevelRow.setUntouched(db, job: order.job, level: number, first) }
      }
      try db.reach(.merging)
      return settled
    }
  }

  /// The logs were read as they are now.
  package func markCollected(_ order: OrderRecord.ID, at date: Date) throws(JobStoreError) {
    try write { db in try db.run("UPDATE work_order SET collected_ms = ? WHERE id = ?", [date.milliseconds, order]) }
  }

  /// The bits of the bricks of a level that have rows, in order, a call each.
  package func eachBrick(
    of job: JobID, level number: Int, in bricks: Range<Int>? = nil, _ body: (Int, BrickBits) throws -> Void
  ) throws(JobStoreError) {
    try read { db in
      let level = try LevelRow.one(db, job: job, level: number)
      let bricks = bricks ?? 0..<level.bricks.count
      let bounds: Database.Values = [job, number, bricks.lowerBound, bricks.upperBound - 1]
      var failed: [Int: [Int]] = [:]
      try db.each(
        """
        SELECT brick, block FROM failure INDEXED BY failure_open
        WHERE job = ? AND level = ? AND brick BETWEEN ? AND ? AND failed = 1
        """, bounds
      ) { failed[try $0.integer("brick"), default: []].append(try $0.integer("block")) }
      try db.each(
        """
        SELECT \(BrickRow.columns) FROM brick
        WHERE job = ? AND level = ? AND brick BETWEEN ? AND ? ORDER BY brick
        """, bounds
      ) { row in
        let brick = try row.integer("brick")
        let place = try level.place(brick)
        let known = try BrickRow(place, row)
        var failures = Bitmap(count: place.count)
        for block in failed[brick] ?? [] {
          guard (0..<place.count).contains(block) else { throw BrickRow.damage(place) }
          failures[block] = true
        }
        try body(brick, BrickBits(done: known.done, empty: known.empty, failed: failures))
      }
    }
  }
}

/// The way of one level's news into its bricks.
private struct Merge {
  let db: Database
  let job: JobID
  let level: LevelRow

  init(_ db: Database, _ job: JobID, _ level: LevelRow) {
    (self.db, self.job, self.level) = (db, job, level)
  }

  private var number: Int { level.layout.level }

  func apply(_ log: LogNews) throws -> Int {
    var total = BlockCounts()
    for run in log.emptyBricks {
      guard run.lowerBound >= 0, run.upperBound <= level.bricks.count else {
        throw JobStoreError.invalid("level \(number) has no bricks \(run)")
      }
      for brick in run {
        let place = BrickPlace(brick, in: level.bricks)
        var news = BrickNews(count: place.count)
        news.settleEmpty()
        try apply(news, to: place, &total)
      }
    }
    for (brick, news) in log.bricks.sorted(by: { $0.key < $1.key }) {
      try apply(news, to: try level.place(brick), &total)
    }
    try LevelRow.add(
      db, job: job, level: number, done: total.done, empty: total.empty, failed: total.failed)
    return total.settled
  }

  private func apply(_ news: BrickNews, to place: BrickPlace, _ total: inout BlockCounts) throws {
    let loaded = try BrickRow.load(db, job: job, level: number, place)
    var row = loaded ?? BrickRow(place)
    if row.isSettled { return }
    let change = BrickChange(
      news.bits, done: row.done, empty: row.empty, failed: try BrickRow.failed(db, job: job, level: number, place),
      claimed: try BrickRow.claimed(db, job: job, level: number, place))
    for index in 0..<place.count where change.mended[index] {
      try FailureRow.settle(db, job: job, level: number, place, index)
    }
    // a row of a failure belongs to that of its brick
    if loaded == nil { try row.save(db, job: job, level: number) }
    for (index, failure) in news.failures where (0..<place.count).contains(index) && change.failed[index] {
      try FailureRow.add(
        db, job: job, level: number, place, index, code: failure.code, message: failure.message, at: failure.at)
    }
    let sums = news.checksums.filter { (0..<place.count).contains($0.key) && change.done[$0.key] }
    if !sums.isEmpty {
      var all = try BrickChecksums.load(db, job: job, level: number, place)
      for (index, sum) in sums { all[index] = sum }
      try all.save(db, job: job, level: number)
    }
    row.done.formUnion(change.done)
    row.empty.formUnion(change.empty)
    row.pending -= change.settledCount + change.counts.failed
    try row.save(db, job: job, level: number)
    total = total + change.counts
  }
}
