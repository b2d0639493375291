import CBlosc

/// The Blosc 1 container, through the library's calls that take no global lock and start no threads.
enum BloscContainer {
  private static let headerByteCount = 16
  private static let memcpyedFlag: UInt8 = 0x02

  /// Decodes a container and returns the decoded byte count. Its own sizes must be those of `stored` and fit `output`:
  /// the library trusts the header where the payload is uncompressed.
  static func decode(_ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(CodecFailure)
    -> Int
  {
    guard stored.count >= headerByteCount, let input = stored.baseAddress else {
      throw .damaged("blosc: it ends early")
    }
    let decodedByteCount = Int(UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    let storedByteCount = Int(UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
    guard storedByteCount == stored.count else {
      throw .damaged("blosc: its header says \(storedByteCount) bytes, there are \(stored.count)")
    }
    guard decodedByteCount <= output.count else {
      throw .damaged("blosc: it decodes to \(decodedByteCount) bytes, more than the \(output.count) expected")
    }
    if stored[2] & memcpyedFlag != 0, decodedByteCount + headerByteCount != stored.count {
      throw .damaged("blosc: \(decodedByteCount) uncompressed bytes in \(stored.count)")
    }
    var validated = 0
    guard blosc_cbuffer_validate(input, stored.count, &validated) == 0, validated == decodedByteCount else {
      throw .damaged("blosc: its header is not valid")
    }
    let count = blosc_decompress_ctx(input, output.baseAddress, output.count, 1)
    guard count == decodedByteCount else { throw .damaged("blosc: it cannot be decoded (\(count))") }
    return decodedByteCount
  }

  /// - Parameter roomAfter: bytes of `output` to be left free after the container.
  static func encode(
    _ raw: UnsafeRawBufferPointer, codec: BloscCodec, level: Int, shuffle: BloscShuffle, elementByteCount: Int,
    roomAfter: Int, into output: ScratchBuffer
  ) throws(CodecFailure) -> UnsafeRawBufferPointer {
    let memory = try output.reserve(byteCount: raw.count + headerByteCount + roomAfter)
    let target = UnsafeMutableRawBufferPointer(rebasing: memory[..<(raw.count + headerByteCount)])
    let count = Int(
      blosc_compress_ctx(
        Int32(level), Int32(shuffle.resolved(elementByteCount: elementByteCount).rawValue), elementByteCount, raw.count,
        raw.baseAddress, target.baseAddress, target.count, codec.rawValue, 0, 1))
    guard count > 0 else { throw .failed("blosc \(codec.rawValue) failed (\(count))") }
    return UnsafeRawBufferPointer(rebasing: target[0..<count])
  }
}
