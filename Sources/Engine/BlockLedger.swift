import Geometry
import JobStore

/// Where a run gets its blocks from and where it reports them to. The job database is one; a cluster task's work order
/// and log are another.
package protocol BlockLedger: Sendable {
  /// Some blocks of a level that nobody has done or is doing, and whose blocks below are all there; neighbours in space.
  /// Empty when there is none to take. What was taken and not recorded goes back when the run ends.
  func take(level: Int, limit: Int) throws -> [TakenBlock]
  /// Whether blocks of a level may still become free, because others have them in hand. To be asked when `take` gave none.
  func expectsMore(level: Int) throws -> Bool
  /// Writes results down. Blocks of a claim that is no longer ours are not recorded.
  func record(_ results: [WorkResult]) throws
  /// The states of a box of blocks of one level at one `t` and `c`, C order.
  func states(level: Int, t: Int, c: Int, blocks: Box3) throws -> [BlockState]
}

/// A block that this run is to do.
package struct TakenBlock: Sendable, Hashable {
  /// A number by which the ledger that gave the block knows it again: of its claim, or of a task's share.
  package let ticket: Int64
  package let level: Int
  package let position: TCZYX

  package init(ticket: Int64, level: Int, position: TCZYX) {
    (self.ticket, self.level, self.position) = (ticket, level, position)
  }
}

package struct WorkResult: Sendable {
  package enum Outcome: Sendable {
    /// Its file is durable. With the file's crc32c where its codecs have no checksum.
    case done(byteCount: Int, checksum: UInt32?)
    /// Nothing but fill; it has no file.
    case empty
    case failed(code: String, message: String)
  }

  package let block: TakenBlock
  package let outcome: Outcome
}
