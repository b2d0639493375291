import Geometry

/// The result for one claimed block.
public struct BlockResult: Hashable, Sendable {
  public enum Outcome: Hashable, Sendable {
    /// Its bytes are durable.
    case done
    case empty
    case failed(code: String, message: String)
  }

  public var claim: Claim.ID
  public var position: TCZYX
  public var outcome: Outcome
  /// The checksum of the file of a block that is done, if its codecs have none of their own. Not 0.
  public var checksum: UInt32?

  public init(claim: Claim.ID, position: TCZYX, outcome: Outcome, checksum: UInt32? = nil) {
    (self.claim, self.position, self.outcome, self.checksum) = (claim, position, outcome, checksum)
  }
}
