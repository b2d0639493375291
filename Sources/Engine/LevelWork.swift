import Geometry
import JobStore
import Threads
import Zarr

/// One level to be made: level 0 by fusing, the others by averaging. The rest of a block's way is the same for all.
protocol LevelWork: Sendable {
  /// A maker of chunks for one worker, which owns the context.
  ///
  /// - Parameter upcoming: what will be made soon, by any worker.
  func makeMaker(context: CodecContext, upcoming: @escaping () -> [ReadAhead.Place]) -> any BlockMaker
  /// Settles as empty, many at a time, the blocks of which it is clear without looking at a voxel.
  func settleInBulk(ledger: any RunLedger, meter: RunMeter, stopFlag: StopFlag) throws
  /// The same where that takes a look at what is stored: done beside the workers, ahead of them, until `isOver`.
  func settleAhead(ledger: any RunLedger, meter: RunMeter, isOver: () -> Bool) throws
}

/// A ledger for a whole run: with counts, and with regions that can be settled at once.
package protocol RunLedger: BlockLedger {
  func counts(level: Int) throws -> BlockCounts
  /// Whether a level need not be looked at.
  func hasNothingLeft(level: Int) throws -> Bool
  /// Leaves the end of the job to others who share it, where there are any, and says so.
  func leavesToOthers(progress: RunProgress) throws -> Bool
  /// Whether every block of a box is recorded empty.
  func isAllEmpty(level: Int, t: Int, c: Int, blocks: Box3) throws -> Bool
  /// Regions of which nothing is recorded yet, after a place that the last call gave; at most `limit`.
  func untouchedRegions(level: Int, after: Int?, limit: Int) throws -> [BrickRegion]
  /// Records all blocks of the regions as empty. Returns how many.
  func settleEmpty(level: Int, _ regions: [BrickRegion]) throws -> Int
  /// Whether blocks that failed may be set to pending by others, also of levels that are over.
  var isReopened: Bool { get }
}

extension RunLedger {
  package var isReopened: Bool { false }
}

extension LevelWork {
  /// Settles the regions that `isEmpty` knows to hold nothing.
  func settle(
    level: Int, ledger: any RunLedger, meter: RunMeter, batchCount: Int = 4096, isOver: () -> Bool,
    isEmpty: (BrickRegion) throws -> Bool
  ) throws {
    var last: Int?
    while !isOver() {
      let regions = try ledger.untouchedRegions(level: level, after: last, limit: batchCount)
      guard let end = regions.last else { return }
      let empty = try regions.filter { try !isOver() && isEmpty($0) }
      if !empty.isEmpty { meter.settledInBulk(level: level, blocks: try ledger.settleEmpty(level: level, empty)) }
      last = end.id
    }
  }
}
