import Geometry

/// An array whose chunks are large and stored without compression: it gives parts of them as its chunks.
struct PartedArray: ChunkedArray {
  private let array: any ArrayInParts
  private let parts: ChunkParts

  fileprivate init(_ array: any ArrayInParts, parts: ChunkParts) { (self.array, self.parts) = (array, parts) }

  var shape: [Int] { array.shape }
  var chunkShape: [Int] { parts.shape }
  var storesChunks: Bool { false }
  var elementType: ElementType { array.elementType }
  var codecSummary: String { array.codecSummary }
  var fill: [UInt8] { array.fill }

  func readChunk(
    _ index: [Int], into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> ChunkPresence {
    let expected = parts.shape.reduce(elementType.byteCount, *)
    guard buffer.count == expected else { throw .bufferMismatch(expectedByteCount: expected, actualByteCount: buffer.count) }
    let (chunk, first) = parts.split(index)
    return try array.readPart(of: chunk, first: first, parts, into: buffer, context: context)
  }

  func anyStored(in chunks: [Range<Int>]) throws(ZarrError) -> Bool {
    guard chunks.count == shape.count, chunks.allSatisfy({ !$0.isEmpty }) else { return false }
    return try array.anyStored(in: parts.chunks(meeting: chunks))
  }

  var chunkFiles: ChunkFiles? {
    array.chunkFiles.map { [parts] files in files.numbered { parts.split($0).chunk } }
  }
}

/// An array of which parts of chunks can be read.
package protocol ArrayInParts: ChunkedArray {
  /// How its chunks are cut; nil where they are read whole.
  var parts: ChunkParts? { get }

  /// Reads a part of a chunk into `buffer`, which has exactly its bytes, as `readChunk` does a whole one.
  ///
  /// - Parameter first: the first voxel of the part in the chunk.
  func readPart(
    of chunk: [Int], first: [Int], _ parts: ChunkParts, into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> ChunkPresence
}

extension ChunkedArray {
  /// The array as it is best read: in parts of its chunks, where these are large and not compressed.
  public var inParts: any ChunkedArray {
    guard let array = self as? any ArrayInParts, let parts = array.parts else { return self }
    return PartedArray(array, parts: parts)
  }
}
