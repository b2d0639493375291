/// A box of voxels at its place in memory, read-only, in the element type of its image; there as long as this is held.
public struct LentVoxels {
  /// The voxel at the box's first corner.
  public let start: UnsafeRawPointer
  /// Elements from a row to the next.
  public let rowStride: Int
  /// Elements from a plane to the next.
  public let planeStride: Int
  /// Keeps the memory alive.
  private let holder: AnyObject?

  public init(start: UnsafeRawPointer, rowStride: Int, planeStride: Int, holder: AnyObject?) {
    (self.start, self.rowStride, self.planeStride, self.holder) = (start, rowStride, planeStride, holder)
  }
}
