import Geometry

/// What a reader put into a buffer.
public enum PatchContent: Sendable {
  case voxels
  /// Only the first element was written; the whole box has that value.
  case constant
}

/// A box of voxels where it lies in memory, as long as this is held: read-only, in the element type of its image.
public struct LentVoxels {
  /// Of the box's first corner.
  public let start: UnsafeRawPointer
  /// Elements from a row, or a plane, to the next.
  public let rowStride: Int
  public let planeStride: Int
  /// Keeps the memory alive.
  private let holder: AnyObject?

  public init(start: UnsafeRawPointer, rowStride: Int, planeStride: Int, holder: AnyObject?) {
    (self.start, self.rowStride, self.planeStride, self.holder) = (start, rowStride, planeStride, holder)
  }
}

/// Where the fusion gets its voxels from.
public protocol VoxelReader {
  /// Reads a box of a view, in the view's own element type, in C order (z, y, x); `buffer` has exactly its size.
  func read(_ view: PlacedView, box: Box3, into buffer: UnsafeMutableRawBufferPointer) throws -> PatchContent

  /// The same voxels where they lie already, so that they need not be copied; nil where they must be read. They are held
  /// no longer than the block is in hand.
  func lend(_ view: PlacedView, box: Box3) throws -> LentVoxels?
}

extension VoxelReader {
  public func lend(_ view: PlacedView, box: Box3) throws -> LentVoxels? { nil }
}

/// What a fused block holds.
public enum BlockContent: Sendable {
  /// Nothing but zeros; the output buffer need not have been written.
  case fill
  case voxels
}
