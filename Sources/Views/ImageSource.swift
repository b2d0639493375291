import Geometry
import Zarr

/// One array of voxels of a view, read chunk by chunk; what every image format gives.
///
/// Five-dimensional whatever the file has: missing axes have length 1. Chunks form a grid from voxel 0; each is decoded
/// whole, in C order and native byte order, at the edges of the array too.
public protocol ImageSource: Sendable {
  var shape: TCZYX { get }
  var chunk: TCZYX { get }
  var elementType: ElementType { get }
  /// The bytes of one voxel of a missing chunk.
  var fill: [UInt8] { get }

  /// Decodes a chunk into `buffer`, which has exactly `chunkByteCount` bytes. `.missing` leaves it alone.
  func readChunk(
    _ index: TCZYX, into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ViewsError) -> ChunkPresence

  /// Whether anything may be stored for a box of chunks at one chunk position of t and c. False is certain; true may
  /// also mean that finding out would cost as much as reading.
  func mayHoldVoxels(t: Int, c: Int, chunks: Box3) throws(ViewsError) -> Bool

  /// The files of the chunks; nil in formats that keep them in one file.
  var chunkFiles: ChunkFiles? { get }
  /// The folders that the file of a chunk lies in, the innermost first; none in formats that keep chunks in one file.
  func folders(ofChunk index: TCZYX) -> [String]
}

extension ImageSource {
  public var chunkFiles: ChunkFiles? { nil }
  public func folders(ofChunk index: TCZYX) -> [String] { [] }

  /// The bytes of a decoded chunk.
  public var chunkByteCount: Int { chunk.product * elementType.byteCount }
  /// Chunks along each axis.
  public var chunkGrid: BlockGrid { BlockGrid(shape: shape, block: chunk) }
}
