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
  /// What keeps a part from being made that is no fault of what was to be read; nil: the part fails. Asked after all tries.
  func outage(behind error: any Error) -> Outage?
  /// Settles as empty, many at a time, the blocks of which it is clear without looking at a voxel.
  func settleInBulk(ledger: any LevelLedger, meter: RunMeter, stopFlag: StopFlag) throws
  /// The same where that takes a look at what is stored: done beside the workers, ahead of them, until `isOver`.
  func settleAhead(ledger: any LevelLedger, meter: RunMeter, isOver: () -> Bool) throws
}

extension LevelWork {
  /// Settles the regions that `isEmpty` knows to hold nothing.
  func settle(
    level: Int, ledger: any LevelLedger, meter: RunMeter, batchCount: Int = 4096, isOver: () -> Bool,
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
