import Geometry
import JobStore

/// A ledger for a whole run: with counts, and with regions that can be settled at once.
package protocol LevelLedger: BlockLedger {
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
  /// All is done that can be: makes sure that what was recorded was made of views as they are recorded, before anything rests
  /// on it. Throws if one changed.
  func checkInputs() throws
  /// Whether blocks that failed may be set to pending by others, also of levels that are over.
  var isReopened: Bool { get }
}

extension LevelLedger {
  package var isReopened: Bool { false }
}
