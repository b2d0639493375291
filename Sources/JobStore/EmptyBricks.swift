import Faults
import GRDB
import Geometry

/// Settles whole bricks at once, without claims: of a sparse output most blocks are touched by no view.
struct EmptyBricks: Sendable {
  private let run: RunRow

  init(_ run: RunRow) { self.run = run }

  /// The bricks that `Run.nextBricks` speaks of.
  func next(level number: Int, after: Int? = nil, limit: Int) throws(JobStoreError) -> [BrickRegion] {
    let level = try run.level(number)
    return try run.store.read { db in
      var found: [BrickRegion] = []
      let first = try LevelRow.one(db, job: run.job, level: number).untouched
      var next = max(first, (after ?? -1) + 1)
      func addUntil(_ end: Int) {
        while next < end && found.count < limit {
          found.append(level.bricks.region(next))
          next += 1
        }
      }
      let statement = try db.cachedStatement(
        sql: "SELECT brick FROM brick WHERE job = ? AND level = ? AND brick >= ? ORDER BY brick")
      let touched = try Int.fetchCursor(statement, arguments: [run.job, number, next])
      while found.count < limit, let brick = try touched.next() {
        addUntil(try level.place(brick).number)
        next = max(next, brick + 1)
      }
      addUntil(level.bricks.count)
      return found
    }
  }

  /// Marks all blocks of bricks empty, as `Run.settleEmpty` says.
  func settle(level number: Int, bricks: [BrickRegion.ID]) throws(JobStoreError) -> Int {
    let (level, job) = (try run.level(number), run.job)
    guard bricks.allSatisfy({ $0 >= 0 && $0 < level.bricks.count }) else {
      throw .invalid("level \(number) has \(level.bricks.count) bricks; one outside was named")
    }
    return try run.store.write { db in
      try run.checkAlive(db)
      let insert = try db.cachedStatement(
        sql: """
          INSERT INTO brick (job, level, brick, state, pending) VALUES (?, ?, ?, 'empty', 0) ON CONFLICT DO NOTHING
          """)
      var settled = 0
      let check = try UncheckedBlocks.lastCheck(db, job: job)
      for brick in bricks {
        try insert.execute(arguments: [job, number, brick])
        guard db.changesCount > 0 else { continue }
        settled += level.bricks.extent(brick).product
        // that nothing is stored for a brick is read from the views, too
        if number == 0 { try UncheckedBlocks.add(db, job: job, level.place(brick), nil, since: check) }
      }
      try LevelRow.add(db, job: job, level: number, empty: settled)
      let untouched = try LevelRow.one(db, job: job, level: number).untouched
      let first = try level.firstUntouched(db, job: job, from: untouched)
      if first > untouched { try LevelRow.setUntouched(db, job: job, level: number, first) }
      try db.reach(.settlingEmpty)
      return settled
    }
  }
}
