import Diagnostics
import Faults
import Foundation
import GRDB
import Geometry

/// Recording what became of claimed blocks.
extension Run {
  /// Records results of any number of claims in one transaction: checks that each claim is still this run's, adds the
  /// bits to those read in that transaction, takes the blocks out of the claims, and changes the counts.
  ///
  /// Throws `claimLost` where claims were taken away, after recording the results of the others.
  public func record(_ results: [BlockResult]) throws(JobStoreError) {
    if results.isEmpty { return }
    let byClaim = Dictionary(grouping: results, by: \.claim)
    let lost = try store.write { db in
      let lost = try record(db, byClaim)
      try db.reach(.recording)
      return lost
    }
    try store.reach(.recorded)
    if !lost.isEmpty { throw .claimLost(lost) }
  }

  /// Returns the claims that were lost.
  private func record(_ db: Database, _ byClaim: [Claim.ID: [BlockResult]]) throws -> [Claim.ID] {
    var lost: [Claim.ID] = []
    var byBrick: [BrickKey: [(claim: Claim.ID, blocks: Row)]] = [:]
    for claim in byClaim.keys.sorted() {
      let row = try db.row("SELECT level, brick, blocks FROM claim WHERE id = ? AND run = ?", [claim, id])
      guard let row else {
        lost.append(claim)
        continue
      }
      byBrick[BrickKey(level: try row.integer(0), brick: try row.integer(1)), default: []].append((claim, row))
    }
    var changes: [Int: BlockCounts] = [:]
    for (key, claims) in byBrick {
      guard levels.indices.contains(key.level) else {
        throw DatabaseError(
          resultCode: .SQLITE_CORRUPT, message: "a claim is of level \(key.level), which is not there")
      }
      let place = try levels[key.level].place(key.brick)
      guard var brick = try BrickRow.load(db, job: job, level: key.level, place) else { throw BrickRow.damage(place) }
      var change = changes[key.level] ?? BlockCounts()
      var sums: BrickChecksums?
      for (claim, row) in claims {
        var rest = try BrickRow.bitmap(row, 2, place)
        for result in byClaim[claim] ?? [] {
          guard let index = place.index(of: result.position), rest[index] else {
            let block = BlockID(level: key.level, position: result.position)
            throw JobStoreError.notClaimed(claim, block: block.description)
          }
          rest[index] = false
          switch result.outcome {
          case .done:
            brick.done[index] = true
            if let sum = result.checksum {
              var all = try sums ?? BrickChecksums.load(db, job: job, level: key.level, place)
              all[index] = sum
              sums = all
            }
            change.done += 1
          case .empty:
            brick.empty[index] = true
            change.empty += 1
          case .failed(let code, let message):
            try recordFailure(db, key, index, result.position, code, message)
            change.failed += 1
          }
        }
        try setClaim(db, claim, rest)
      }
      changes[key.level] = change
      try brick.save(db, job: job, level: key.level)
      try sums?.save(db, job: job, level: key.level)
    }
    for (level, change) in changes {
      try LevelInfo.add(
        db, job: job, level: level, done: change.done, empty: change.empty, failed: change.failed)
    }
    return lost
  }

  private func setClaim(_ db: Database, _ claim: Claim.ID, _ rest: Bitmap) throws {
    let count = rest.population
    if count == 0 {
      try db.run("DELETE FROM claim WHERE id = ?", [claim])
    } else {
      try db.run("UPDATE claim SET blocks = ?, count = ? WHERE id = ?", [rest.data, count, claim])
    }
  }

  private func recordFailure(
    _ db: Database, _ brick: BrickKey, _ index: Int, _ p: TCZYX, _ code: String, _ message: String
  ) throws {
    try db.run(
      """
      INSERT INTO failure (job, level, brick, block, t, c, z, y, x, failed, code, message, attempts, at_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, 1, ?)
      ON CONFLICT (job, level, brick, block) DO UPDATE
      SET failed = 1, code = excluded.code, message = excluded.message, attempts = attempts + 1, at_ms = excluded.at_ms
      """,
      [job, brick.level, brick.brick, index, p.t, p.c, p.z, p.y, p.x, code, message, Date().milliseconds])
  }
}
