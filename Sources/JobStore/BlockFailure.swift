import Foundation

/// The last failure of a block.
public struct BlockFailure: Hashable, Sendable {
  public let block: BlockID
  public let code: String
  public let message: String
  public let attempts: Int
  public let at: Date
  /// False if the block was, or is to be, tried again.
  public let isFailed: Bool
}
