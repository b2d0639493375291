/// How a voxel of a level is made from its window in the level below, of 1 or 2 voxels an axis.
public enum Downsampling: String, Sendable, CaseIterable {
  /// Their mean.
  case mean
  /// The first of them: the voxel of the level lies where that one lies.
  case nearest
  /// The one that is there most often, and the first of those: for labels.
  case mode
  /// The largest.
  case max
}
