import Geometry

/// An array that is read chunk by chunk: what arrays of every chunked format give, axes in C order.
public protocol ChunkedArray: Sendable {
  var shape: [Int] { get }
  /// One read unit.
  var chunkShape: [Int] { get }
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
  /// Whether a read unit is stored, without decoding it.
  func chunkExists(_ index: [Int]) throws(ZarrError) -> Bool
  /// Whether anything may be stored for the read units of a box; false is certain.
  func anyStored(in chunks: [Range<Int>]) throws(ZarrError) -> Bool
}

extension ZarrArray: ChunkedArray {}
