/// The content of a block that was made.
public enum BlockContent: Sendable {
  /// Nothing but background, mostly zeros; the output buffer need not have been written.
  case fill
  /// At least one voxel that is not background.
  case voxels
}
