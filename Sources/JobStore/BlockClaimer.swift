import Faults
import Foundation
import GRDB
import Geometry
import Synchronization

/// Takes blocks for a run, as `Run.claim` says.
final class BlockClaimer: Sendable {
  private let run: RunRow
  private let settled: SettledBricks
  private let order = MortonOrder()
  /// Bricks of the pyramid in which nothing was ready, as of when.
  private let unready = Mutex<[BrickKey: UnreadyMark]>([:])

  init(_ run: RunRow, settled: SettledBricks) {
    (self.run, self.settled) = (run, settled)
  }

  func claim(level number: Int, limit: Int) throws(JobStoreError) -> [Claim] {
    let level = try run.level(number)
    guard limit > 0 else { return [] }
    var scan = ClaimScan()
    var claims: [Claim] = []
    // Each step looks at a bounded number of bricks, so that no other process waits long for the write lock.
    while claims.isEmpty && !scan.isFinished {
      claims = try run.store.write { db in
        if scan.isFirst {
          try run.checkAlive(db)
          try run.store.freeDead(db, run.job, except: run.id)
          scan.isFirst = false
        }
        let claims = try claimStep(db, level, limit: limit, &scan)
        try db.reach(.claiming)
        return claims
      }
    }
    try run.store.reach(.claimed)
    return claims
  }

  func expectsMore(level number: Int) throws(JobStoreError) -> Bool {
    let level = try run.level(number)
    let job = run.job
    return try run.store.read { db in
      let others = "SELECT 1 FROM claim WHERE job = ? AND level = ? AND run <> ? LIMIT 1"
      if try db.row(others, [job, number, run.id]) != nil {
        try checkHolders(db, level: number)
        return true
      }
      if number > 0 {
        let below = try LevelRow.one(db, job: job, level: number - 1)
        if below.settled < below.blocks { return false }
      }
      let now = try LevelRow.one(db, job: job, level: number)
      let claimed = try db.integer("SELECT ifnull(sum(count), 0) FROM claim WHERE job = ? AND level = ?", [job, number]) ?? 0
      if level.blocks - now.settled - now.failed - claimed <= 0 { return false }
      try checkFree(db, now)
      return true
    }
  }

  /// Throws where blocks are in the hands of a run that is not in the index of those at work, which only a damaged file
  /// can have: it is never found dead, and one would wait for it for ever.
  private func checkHolders(_ db: Database, level: Int) throws {
    let unknown = try db.row(
      """
      SELECT run FROM claim WHERE job = ? AND level = ? AND run <> ?
        AND run NOT IN (SELECT id FROM run INDEXED BY run_open WHERE job = ? AND ended_ms IS NULL) LIMIT 1
      """, [run.job, level, run.id, run.job])
    guard let unknown else { return }
    throw DatabaseError(
      resultCode: .SQLITE_CORRUPT,
      message: "blocks are in the hands of run \(try unknown.integer("run")), which the index of runs at work does not have")
  }

  /// Throws where the counts of a level say that blocks are left, and no brick has one: nobody could ever do them.
  private func checkFree(_ db: Database, _ level: LevelRow) throws {
    let number = level.layout.level
    let open = "SELECT 1 FROM brick INDEXED BY brick_pending WHERE job = ? AND level = ? AND pending > 0 LIMIT 1"
    if try db.row(open, [run.job, number]) != nil { return }
    if try level.firstUntouched(db, job: run.job, from: level.untouched) < level.bricks.count { return }
    throw DatabaseError(
      resultCode: .SQLITE_CORRUPT, message: "level \(number) counts blocks that are not done, and has none")
  }

  private func claimStep(
    _ db: Database, _ level: LevelRow, limit: Int, _ scan: inout ClaimScan
  ) throws -> [Claim] {
    let number = level.layout.level
    var readiness: Readiness?
    if number > 0 {
      let below = try LevelRow.one(db, job: run.job, level: number - 1)
      if below.settled < below.blocks { readiness = Readiness(settled, db, job: run.job, level: level, below: below) }
    }
    var claims: [Claim] = []
    var rest = limit
    var budget = ClaimScan.bricksPerStep
    func take(_ row: BrickRow) throws {
      if let claim = try takeBlocks(db, number, row, limit: rest, readiness: &readiness) {
        rest -= claim.positions.count
        claims.append(claim)
      }
      budget -= 1
    }

    while !scan.isOpenFinished && rest > 0 && budget > 0 {
      let bricks = try db.rows(
        // left to itself, SQLite walks over all finished bricks
        """
        SELECT brick FROM brick INDEXED BY brick_pending
        WHERE job = ? AND level = ? AND pending > 0 AND brick >= ? ORDER BY brick LIMIT ?
        """,
        [run.job, number, scan.nextOpen, min(budget, rest)]
      ).map { try $0.integer("brick") }
      if bricks.isEmpty { scan.isOpenFinished = true }
      for brick in bricks where rest > 0 {
        let place = try level.place(brick)
        scan.nextOpen = brick + 1
        if let row = try BrickRow.load(db, job: run.job, level: number, place) {
          try take(row)
        }
      }
    }
    if !scan.isOpenFinished || rest == 0 { return claims }

    // Bricks that were never touched. Where all are ready, the first is taken and `untouched` follows; else those that
    // are not ready are passed over and stay untouched.
    var untouched = try LevelRow.one(db, job: run.job, level: number).untouched
    while rest > 0 && budget > 0 {
      let from = max(scan.nextUntouched, untouched)
      let brick = try level.firstUntouched(db, job: run.job, from: from)
      if from == untouched && brick > untouched {
        untouched = brick
        try LevelRow.setUntouched(db, job: run.job, level: number, untouched)
      }
      scan.nextUntouched = brick + 1
      if brick == level.bricks.count {
        scan.isFinished = true
        break
      }
      try take(BrickRow(BrickPlace(brick, in: level.bricks)))
    }
    return claims
  }

  /// Takes up to `limit` ready blocks of one brick; nil if it has none.
  private func takeBlocks(
    _ db: Database, _ level: Int, _ row: BrickRow, limit: Int, readiness: inout Readiness?
  ) throws -> Claim? {
    let key = BrickKey(level: level, brick: row.place.number)
    if let readiness {
      let mark = UnreadyMark(settledBelow: readiness.below.settled, pending: row.pending)
      if unready.withLock({ $0[key] }) == mark { return nil }
    }
    var row = row
    var free = row.done
    free.formUnion(row.empty)
    free.formUnion(try BrickRow.claimed(db, job: run.job, level: level, row.place))
    free.formUnion(try BrickRow.failed(db, job: run.job, level: level, row.place))
    free.invert()
    // what the row says may be taken and what its bits say: where they differ, a search would never end
    guard free.population == row.pending else { throw BrickRow.damage(row.place) }

    var taken = Bitmap(count: row.place.count)
    var positions: [TCZYX] = []
    for index in order.indices(row.place.extent) where free[index] {
      let position = row.place.position(at: index)
      if try readiness?.isReady(position) == false { continue }
      taken[index] = true
      positions.append(position)
      if positions.count == limit { break }
    }
    if positions.isEmpty {
      if let readiness {
        unready.withLock { $0[key] = UnreadyMark(settledBelow: readiness.below.settled, pending: row.pending) }
      }
      return nil
    }
    row.pending = free.population - positions.count
    try row.save(db, job: run.job, level: level)
    try db.run(
      "INSERT INTO claim (run, job, level, brick, blocks, count) VALUES (?, ?, ?, ?, ?, ?)",
      [run.id, run.job, level, row.place.number, taken.data, positions.count])
    return Claim(id: db.lastInsertedRowID, level: level, positions: positions)
  }
}

/// A brick of the pyramid need not be looked at again while neither the level below nor what is pending in it changed.
private struct UnreadyMark: Hashable, Sendable {
  let settledBelow: Int
  let pending: Int
}

/// How far a search for blocks has come.
private struct ClaimScan {
  static let bricksPerStep = 256

  var isFirst = true
  var nextOpen = 0
  var isOpenFinished = false
  var nextUntouched = 0
  var isFinished = false
}

/// Whether blocks of the pyramid may be made: all blocks of the level below that their voxels average are settled.
private struct Readiness {
  let below: LevelRow
  private let settled: SettledBricks
  private let db: Database
  private let job: JobID
  private let level: LevelRow
  private var bricks: [Int: BrickContents] = [:]

  init(_ settled: SettledBricks, _ db: Database, job: JobID, level: LevelRow, below: LevelRow) {
    (self.settled, self.db, self.job, self.level, self.below) = (settled, db, job, level, below)
  }

  mutating func isReady(_ position: TCZYX) throws -> Bool {
    for block in level.layout.sourceBlocks(of: position, in: below.layout).positions {
      let source = TCZYX(t: position.t, c: position.c, zyx: block)
      let number = below.bricks.number(of: source)
      let contents = try bricks[number] ?? load(number)
      if !contents.isSettled(source) { return false }
    }
    return true
  }

  private mutating func load(_ number: Int) throws -> BrickContents {
    let place = BrickPlace(number, in: below.bricks)
    let contents = try settled.contents(level: below.layout.level, place) {
      try BrickContents.load(db, job: job, level: below.layout.level, place)
    }
    bricks[number] = contents
    return contents
  }
}
