import Geometry

/// What a reader put into a buffer.
public enum PatchContent: Sendable {
  case voxels
  /// Only the first element was written; the whole box has that value.
  case constant
}

/// Where the fusion gets its voxels from.
public protocol VoxelReader {
  /// Reads a box of a view, in the view's own element type, in C order (z, y, x); `buffer` has exactly its size.
  func read(_ view: PlacedView, box: Box3, into buffer: UnsafeMutableRawBufferPointer) throws -> PatchContent
}

/// What a fused block holds.
public enum BlockContent: Sendable {
  /// Nothing but zeros; the output buffer need not have been written.
  case fill
  case voxels
}
