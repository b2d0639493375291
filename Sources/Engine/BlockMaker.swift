import Fusion
import Geometry

/// Makes the voxels of one level's chunks. Each worker has its own; what it shares with others it shares through caches.
protocol BlockMaker: AnyObject {
  /// Makes the voxels of `box`, clipped to the array, at one `t` and `c`: `box.count` elements in C order. Says whether
  /// any of them is not background; if none is, the buffer need not have been written.
  func make(_ box: Box3, t: Int, c: Int, into buffer: UnsafeMutableRawBufferPointer) throws -> BlockContent
}
