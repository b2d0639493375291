import CSystem

/// CRC-32C (Castagnoli), as Zarr's `crc32c` codec appends it: 4 bytes, little endian.
package struct Crc32c: ByteCodec {
  package static let names = CodecNames("crc32c", v3: ["crc32c"])
  package static let hasChecksum = true
  static let byteCount = 4

  package init(_ settings: CodecSettings) {}

  package var addedByteCount: Int? { Self.byteCount }

  package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    csystem_crc32c(0, bytes.baseAddress, bytes.count)
  }

  /// The bytes before the checksum, which must be right.
  package func content(of stored: UnsafeRawBufferPointer) throws(CodecFailure) -> UnsafeRawBufferPointer? {
    guard stored.count >= Self.byteCount else { throw .damaged("it is too short for a crc32c") }
    let body = UnsafeRawBufferPointer(rebasing: stored[0..<(stored.count - Self.byteCount)])
    let expected = UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: body.count, as: UInt32.self))
    guard Self.checksum(body) == expected else { throw .damaged("its crc32c is wrong") }
    return body
  }

  package func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard let body = try content(of: stored) else { return 0 }
    guard body.count <= output.count else { throw .damaged("it has more than \(output.count) bytes") }
    output.copyMemory(from: body)
    return body.count
  }
}
