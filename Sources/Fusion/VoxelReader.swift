import Geometry

/// The content of a buffer that a reader has filled.
public enum PatchContent: Sendable {
  /// All voxels of the box.
  case voxels
  /// One value for the whole box: only the first element was written.
  case constant
}

/// The source of the voxels that are fused.
public protocol VoxelReader {
  /// Reads a box of a view, in the view's own element type, in C order (z, y, x); `buffer` has exactly its size.
  func read(_ view: PlacedView, box: Box3, into buffer: UnsafeMutableRawBufferPointer) throws -> PatchContent

  /// Lends a box of a view where it lies already, so that it need not be copied; nil if it must be read. It is held no longer
  /// than the block is in hand.
  func lend(_ view: PlacedView, box: Box3) throws -> LentVoxels?

  /// The changes of a view's voxels; asked only of views that have some (`PlacedView.hasCorrection`).
  func correction(of view: PlacedView) throws -> VoxelCorrection
}

extension VoxelReader {
  public func correction(of view: PlacedView) throws -> VoxelCorrection { VoxelCorrection() }
  public func lend(_ view: PlacedView, box: Box3) throws -> LentVoxels? { nil }
}
