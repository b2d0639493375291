import Diagnostics
import Foundation
import GRDB
import Geometry

/// Single blocks: their states, their failures, and setting them back to pending.
extension JobStore {
  /// The states of a box of a level's grid, in C order.
  public func states(
    of job: JobID, level: Int, t: Int, c: Int, blocks: Box3
  ) throws(JobStoreError) -> [BlockState] {
    let info = try read { db in try LevelRow.one(db, job: job, level: level) }
    return try states(info, t: t, c: c, blocks: blocks) { places throws(JobStoreError) in
      try read { db in
        let live = try self.liveRuns(db, job)
        return try places.map { try BrickContents.load(db, job: job, level: level, $0, runs: live) }
      }
    }
  }

  public func state(of job: JobID, block: BlockID) throws(JobStoreError) -> BlockState {
    let box = Box3(lower: block.position.zyx, upper: block.position.zyx &+ 1)
    return try states(of: job, level: block.level, t: block.position.t, c: block.position.c, blocks: box)[0]
  }

  /// Reads the bricks that a box meets, each once.
  func states(
    _ level: LevelRow, t: Int, c: Int, blocks: Box3,
    bricks: ([BrickPlace]) throws(JobStoreError) -> [BrickContents]
  ) throws(JobStoreError) -> [BlockState] {
    let whole = Box3(shape: level.grid.count.zyx)
    guard (0..<level.grid.count.t).contains(t), (0..<level.grid.count.c).contains(c), whole.contains(blocks) else {
      throw .invalid("blocks \(blocks.lower) to \(blocks.upper) are not all on level \(level.layout.level)")
    }
    if blocks.isEmpty { return [] }
    let size = level.bricks.bricks.block.zyx
    let (first, last) = (blocks.lower / size, (blocks.upper &- 1) / size)
    let contents = try bricks(
      Box3(lower: first, upper: last &+ 1).positions.map { brick in
        BrickPlace(level.bricks.number(of: TCZYX(t: t, c: c, zyx: brick &* size)), in: level.bricks)
      })
    let counts = last &- first &+ 1
    var states: [BlockState] = []
    states.reserveCapacity(blocks.count)
    for position in blocks.positions {
      let brick = position / size &- first
      let content = contents[(brick[0] * counts[1] + brick[1]) * counts[2] + brick[2]]
      states.append(content.state(of: TCZYX(t: t, c: c, zyx: position)))
    }
    return states
  }

  /// The failures of a job, by level and position; with `all` also those of blocks that were tried again since.
  public func failures(of job: JobID, all: Bool = false, limit: Int? = nil) throws(JobStoreError) -> [BlockFailure] {
    try read { db in
      _ = try self.storedState(db, job)
      let levels = try LevelRow.all(db, job: job)
      return try db.rows(
        """
        SELECT \(FailureRow.columns) FROM failure
        WHERE job = ? \(all ? "" : "AND failed = 1") ORDER BY level, t, c, z, y, x LIMIT ?
        """, [job, limit ?? -1]
      ).map { try BlockFailure($0, levels: levels) }
    }
  }

  /// Calls `body` with code and message of each block that failed, by level and position.
  public func eachFailure(of job: JobID, _ body: (_ code: String, _ message: String) -> Void) throws(JobStoreError) {
    try read { db in
      try db.each("SELECT code, message FROM failure WHERE job = ? AND failed = 1 ORDER BY level, t, c, z, y, x", [job]) { row in
        body(try row.text("code"), try row.text("message"))
      }
    }
  }

  /// How many blocks failed with each code, the most frequent first.
  public func failureCounts(of job: JobID) throws(JobStoreError) -> [(code: String, count: Int)] {
    try read { db in
      try db.rows(
        """
        SELECT code, count(*) AS count FROM failure WHERE job = ? AND failed = 1
        GROUP BY code ORDER BY count(*) DESC, code
        """, [job]
      ).map { (try $0.text("code"), try $0.integer("count")) }
    }
  }

  public func failure(of job: JobID, block: BlockID) throws(JobStoreError) -> BlockFailure? {
    try read { db in
      let level = try LevelRow.one(db, job: job, level: block.level)
      guard level.grid.contains(block.position) else { throw JobStore.outside(level, block.position) }
      let place = BrickPlace(level.bricks.number(of: block.position), in: level.bricks)
      guard let index = place.index(of: block.position) else { return nil }
      return try FailureRow.load(db, job: job, level: block.level, place, index)
    }
  }

  /// Failed blocks become pending; returns how many. How often each failed stays recorded. Works also while the job
  /// runs, which then does them.
  public func retry(_ job: JobID) throws(JobStoreError) -> Int {
    try write { db in
      let state = try self.storedState(db, job)
      try db.run(
        """
        UPDATE brick SET pending = pending + f.count
        FROM (
          SELECT job, level, brick, count(*) AS count FROM failure WHERE job = ? AND failed = 1
          GROUP BY job, level, brick
        ) AS f
        WHERE brick.job = f.job AND brick.level = f.level AND brick.brick = f.brick
        """, [job])
      let count = try FailureRow.settleAll(db, job: job)
      try db.run("UPDATE level SET failed = 0 WHERE job = ?", [job])
      if count > 0 { try self.decideState(db, job, before: state, after: .retried) }
      return count
    }
  }

  /// Blocks that are done, empty or failed become pending again; returns how many that were. The caller also names the
  /// blocks of higher levels made from them. Refused while a live process runs the job, or tasks of a work order may.
  ///
  /// - Parameter meanwhile: what else is safe only while nobody runs the job, or replaces its output: nobody can begin to
  ///   before it returns. It may ask which blocks are done. Where it throws, all blocks stay as they are.
  public func setPending(
    _ job: JobID, blocks: [BlockID],
    meanwhile: (_ state: JobState, _ isDone: (BlockID) throws -> Bool) throws -> Void = { _, _ in }
  ) throws -> Int {
    try writeBeside { db in
      let state = try self.storedState(db, job)
      try self.refuseIfBusy(db, job)
      try self.freeDead(db, job)
      let levels = try LevelRow.all(db, job: job)
      var byBrick: [BrickKey: [TCZYX]] = [:]
      for block in blocks {
        guard levels.indices.contains(block.level) else {
          throw JobStoreError.invalid("job \(job) has no level \(block.level)")
        }
        let level = levels[block.level]
        guard level.grid.contains(block.position) else { throw JobStore.outside(level, block.position) }
        let brick = level.bricks.number(of: block.position)
        byBrick[BrickKey(level: block.level, brick: brick), default: []].append(block.position)
      }
      var changed = 0
      for (key, positions) in byBrick {
        let place = BrickPlace(key.brick, in: levels[key.level].bricks)
        changed += try JobStore.setPending(db, job, key.level, place, positions.compactMap(place.index(of:)))
      }
      if changed > 0 { try self.decideState(db, job, before: state, after: .setBack) }
      try meanwhile(try self.storedState(db, job)) { block in
        guard levels.indices.contains(block.level) else { return false }
        let bricks = levels[block.level].bricks
        let place = BrickPlace(bricks.number(of: block.position), in: bricks)
        return try BrickContents.load(db, job: job, level: block.level, place).state(of: block.position) == .done
      }
      return changed
    }
  }

  /// Blocks of one brick that are done, empty or failed become pending; returns how many were.
  static func setPending(
    _ db: Database, _ job: JobID, _ level: Int, _ place: BrickPlace, _ indices: [Int]
  ) throws -> Int {
    guard var brick = try BrickRow.load(db, job: job, level: level, place) else { return 0 }
    let failed = try BrickRow.failed(db, job: job, level: level, place)
    var change = BlockCounts()
    for index in Set(indices) {
      if brick.done[index] {
        brick.done[index] = false
        change.done += 1
      } else if brick.empty[index] {
        brick.empty[index] = false
        change.empty += 1
      } else if failed[index] {
        try FailureRow.settle(db, job: job, level: level, place, index)
        change.failed += 1
      }
    }
    let count = change.done + change.empty + change.failed
    if count == 0 { return 0 }
    brick.pending &+= count
    try brick.save(db, job: job, level: level)
    try LevelRow.add(
      db, job: job, level: level, done: -change.done, empty: -change.empty, failed: -change.failed)
    return count
  }

  private static func outside(_ level: LevelRow, _ p: TCZYX) -> JobStoreError {
    .invalid("block \(BlockID(level: level.layout.level, position: p)) is outside the grid \(level.grid.count.array)")
  }
}
