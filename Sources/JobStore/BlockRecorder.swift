import Diagnostics
import Faults
import Foundation
import GRDB
import Geometry

/// Records what became of the blocks that a run claimed, as `Run.record` says.
struct BlockRecorder: Sendable {
  private let run: RunRow

  init(_ run: RunRow) { self.run = run }

  func record(_ results: [BlockResult]) throws(JobStoreError) {
    if results.isEmpty { return }
    let byClaim = Dictionary(grouping: results, by: \.claim)
    let lost = try run.store.write { db in
      let lost = try record(db, byClaim)
      try db.reach(.recording)
      return lost
    }
    try run.store.reach(.recorded)
    if !lost.isEmpty { throw .claimLost(lost) }
  }

  /// Returns the claims that were lost.
  private func record(_ db: Database, _ byClaim: [Claim.ID: [BlockResult]]) throws -> [Claim.ID] {
    var lost: [Claim.ID] = []
    var byBrick: [BrickKey: [(claim: Claim.ID, blocks: StoredRow)]] = [:]
    for claim in byClaim.keys.sorted() {
      let row = try db.row("SELECT level, brick, blocks FROM claim WHERE id = ? AND run = ?", [claim, run.id])
      guard let row else {
        lost.append(claim)
        continue
      }
      byBrick[BrickKey(level: try row.integer("level"), brick: try row.integer("brick")), default: []].append((claim, row))
    }
    let (job, levels) = (run.job, run.levels)
    var changes: [Int: BlockCounts] = [:]
    try run.checkViews(db)
    let check = try UncheckedBlocks.lastCheck(db, job: job)
    for (key, claims) in byBrick {
      guard levels.indices.contains(key.level) else {
        throw DatabaseError(
          resultCode: .SQLITE_CORRUPT, message: "a claim is of level \(key.level), which is not there")
      }
      let place = try levels[key.level].place(key.brick)
      guard var brick = try BrickRow.load(db, job: job, level: key.level, place) else { throw BrickRow.damage(place) }
      var change = changes[key.level] ?? BlockCounts()
      var sums: BrickChecksums?
      var recorded = Bitmap(count: place.count)
      for (claim, row) in claims {
        var rest = try BrickRow.bitmap(row, "blocks", place)
        for result in byClaim[claim] ?? [] {
          guard let index = place.index(of: result.position), rest[index] else {
            let block = BlockID(level: key.level, position: result.position)
            throw JobStoreError.notClaimed(claim, block: block.description)
          }
          rest[index] = false
          recorded[index] = true
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
            try FailureRow.add(
              db, job: job, level: key.level, place, index, code: code, message: message, at: Date())
            change.failed += 1
          }
        }
        try setClaim(db, claim, rest)
      }
      changes[key.level] = change
      try brick.save(db, job: job, level: key.level)
      try sums?.save(db, job: job, level: key.level)
      if key.level == 0 { try UncheckedBlocks.add(db, job: job, place, recorded, since: check) }
    }
    for (level, change) in changes {
      try LevelRow.add(
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
}
