import Foundation
import Geometry
import JobStore

/// Which shares of a level have blocks left that are neither settled nor failed nor rest on failed ones, by the job's
/// record: those whose tasks are worth starting.
package struct MissingShares {
  /// A level is cut into as many shares as there are tasks, as long as each has so many blocks: starting a task has its
  /// price.
  static let leastBlocks = 16

  private let job: JobID
  private let record: JobStore
  private let blocked: BlockedBlocks

  package init(levels: [LevelLayout], job: JobID, record: JobStore) throws {
    (self.job, self.record) = (job, record)
    blocked = try BlockedBlocks(levels: levels, job: job, record: record)
  }

  package static func shareCount(_ layout: LevelLayout, tasks: Int) -> Int {
    max(1, min(tasks, layout.grid.total / leastBlocks))
  }

  /// - Parameter costs: costs of the level's bricks, as the order has them; shares are cut by them.
  package func of(_ layout: LevelLayout, count: Int, costs: [(brick: Int, costs: [UInt32])]) throws -> IndexSet {
    let map = ShareMap(BrickLayout(grid: layout.grid.count), costs: costs, count: count)
    let morton = MortonOrder()
    var left = (0..<count).map(map.blockCount)
    func close(_ brick: Int, _ closed: Bitmap) {
      for share in map.shares(of: brick) {
        let ranks = map.ranks(of: share, brick: brick)
        if ranks.count == closed.count {
          left[share] -= closed.population
        } else if !ranks.isEmpty {
          left[share] -= morton.indices(map.layout.extent(brick))[ranks].count { closed[$0] }
        }
      }
    }
    var untouched = blocked.bricks(level: layout.level)
    try record.eachBrick(of: job, level: layout.level) { brick, bits in
      var closed = bits.done
      closed.formUnion(bits.empty)
      closed.formUnion(bits.failed)
      if let blocked = untouched.removeValue(forKey: brick) { closed.formUnion(blocked) }
      close(brick, closed)
    }
    for (brick, blocked) in untouched { close(brick, blocked) }
    return IndexSet(left.indices.filter { left[$0] > 0 })
  }
}
