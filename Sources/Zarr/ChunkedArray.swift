import Geometry

/// An array that is read chunk by chunk: what arrays of every chunked format give, axes in C order.
public protocol ChunkedArray: Sendable {
  var shape: [Int] { get }
  /// One read unit.
  var chunkShape: [Int] { get }
  /// Whether the file stores its voxels in chunks of that shape; else they are pieces that suit reading.
  var storesChunks: Bool { get }
  var elementType: ElementType { get }
  /// One line that changes when stored bytes would be understood differently.
  var codecSummary: String { get }
  /// One element, in the host's byte order: what is not stored.
  var fill: [UInt8] { get }

  /// Decodes one read unit into `buffer`, which has exactly the bytes of a chunk: C order, the host's byte order, the
  /// full shape of a chunk also at the edges. `.missing` leaves the buffer alone.
  func readChunk(
    _ index: [Int], into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> ChunkPresence
  /// Whether anything may be stored for the read units of a box; false is certain.
  func anyStored(in chunks: [Range<Int>]) throws(ZarrError) -> Bool
  /// Where chunks are files in folders; nil in formats that keep them in one file.
  var chunkFiles: ChunkFiles? { get }
}

extension ChunkedArray {
  public var storesChunks: Bool { true }
  public var chunkFiles: ChunkFiles? { nil }
}

extension ZarrArray: ChunkedArray {
  public var chunkFiles: ChunkFiles? {
    ChunkFiles(
      place: place, outermost: keys.hasPrefix && keys.separator == "/" ? ZarrFileName.v3Chunks : nil,
      counts: keys.separator == "/" ? blockGrid : []
    ) { [self] in keys.key(block(ofChunk: $0).block) }
  }
}

/// Lays the voxels of a part of a chunk, C order, at the beginning of a whole one, the rest of which becomes 0.
package func fillChunk(
  _ chunk: UnsafeMutableRawBufferPointer, shape: [Int], from voxels: UnsafeRawBufferPointer, part: [Int],
  elementByteCount: Int
) {
  chunk.initializeMemory(as: UInt8.self, repeating: 0)
  guard let from = voxels.baseAddress, let to = chunk.baseAddress, let row = part.last, row > 0 else { return }
  let rowByteCount = row * elementByteCount
  let rows = Array(part.dropLast())
  var position = [Int](repeating: 0, count: rows.count)
  for number in 0..<rows.reduce(1, *) {
    var rest = number
    for axis in rows.indices.reversed() { (rest, position[axis]) = rest.quotientAndRemainder(dividingBy: rows[axis]) }
    let at = zip(position, shape).reduce(0) { $0 * $1.1 + $1.0 } * (shape.last ?? 1) * elementByteCount
    (to + at).copyMemory(from: from + number * rowByteCount, byteCount: rowByteCount)
  }
}
