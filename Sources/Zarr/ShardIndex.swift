/// The places of the inner chunks in one shard file.
package final class ShardIndex: Sendable {
  /// Offset and byte count by turns, in the order of the index.
  private let entries: [UInt64]

  /// The index of decoded bytes, in the host's byte order.
  package init(_ decoded: UnsafeRawBufferPointer) {
    entries = [UInt64](unsafeUninitializedCapacity: decoded.count / 8) { buffer, count in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(from: decoded)
      count = decoded.count / 8
    }
  }

  var byteCount: Int { entries.count * 8 }

  /// The bytes of an inner chunk, which lie in the file; nil if it is empty.
  func range(at position: Int, fileByteCount: Int) throws(CodecFailure) -> Range<Int>? {
    let (offset, count) = (entries[2 * position], entries[2 * position + 1])
    if offset == .max, count == .max { return nil }
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, end <= UInt64(fileByteCount) else {
      throw .damaged("the shard's index places it at \(offset) with \(count) bytes, the file has \(fileByteCount)")
    }
    guard count > 0 else { throw .damaged("the shard's index gives it 0 bytes") }
    return Int(offset)..<Int(end)
  }
}
