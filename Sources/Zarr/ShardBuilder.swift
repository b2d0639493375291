import CSystem

/// The index of a shard that is being streamed to its file: told the encoded size of each inner chunk as it is
/// appended, in C order, it ends with the bytes that are appended last.
public struct ShardBuilder: Sendable {
  public let chunkCount: Int
  /// The bytes of the chunks so far; the next one starts here.
  public private(set) var byteCount = 0
  /// Chunks told so far.
  public private(set) var appendedCount = 0
  /// Whether no chunk so far has bytes, so that the shard needs no file.
  public var isEmpty: Bool { byteCount == 0 }
  private var index: [UInt8] = []

  /// - Parameter chunkCount: inner chunks of a whole shard, those beyond the array's edge included.
  public init(chunkCount: Int) {
    self.chunkCount = chunkCount
    index.reserveCapacity(chunkCount * 16 + Crc32c.byteCount)
  }

  /// The next inner chunk: its encoded bytes were appended to the file; nil for one that holds only the fill value or
  /// lies outside the array.
  public mutating func append(encodedByteCount: Int?) {
    if let encodedByteCount {
      append(UInt64(byteCount))
      append(UInt64(encodedByteCount))
      byteCount += encodedByteCount
    } else {
      append(UInt64.max)
      append(UInt64.max)
    }
    appendedCount += 1
  }

  /// The index with its crc32c: the last bytes of the file.
  public func finish() throws(ZarrError) -> [UInt8] {
    guard appendedCount == chunkCount else {
      throw .shardIncomplete(expectedChunkCount: chunkCount, appendedChunkCount: appendedCount)
    }
    let crc = index.withUnsafeBytes { Crc32c.checksum($0) }
    return index + withUnsafeBytes(of: crc.littleEndian) { Array($0) }
  }

  private mutating func append(_ word: UInt64) {
    withUnsafeBytes(of: word.littleEndian) { index.append(contentsOf: $0) }
  }
}
