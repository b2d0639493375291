import CSystem

/// CRC-32C (Castagnoli), as Zarr's `crc32c` codec appends it: 4 bytes, little endian.
package enum Crc32c {
  static let byteCount = 4

  package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    csystem_crc32c(0, bytes.baseAddress, bytes.count)
  }

  /// The bytes before the checksum, which must be right.
  static func verified(_ stored: UnsafeRawBufferPointer) throws(CodecFailure) -> UnsafeRawBufferPointer {
    guard stored.count >= byteCount else { throw .damaged("it is too short for a crc32c") }
    let body = UnsafeRawBufferPointer(rebasing: stored[0..<(stored.count - byteCount)])
    let expected = UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: body.count, as: UInt32.self))
    guard checksum(body) == expected else { throw .damaged("its crc32c is wrong") }
    return body
  }
}
