/// One line of `JobStore.blocks`.
public struct BlockEntry: Hashable, Sendable {
  public let block: BlockID
  public let state: BlockState
  /// The checksum of the file of a block that is done, if one was recorded.
  public let checksum: UInt32?
  /// The last failure of a block that failed, now or earlier.
  public let failure: BlockFailure?
}
