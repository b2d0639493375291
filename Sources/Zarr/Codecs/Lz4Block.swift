import CLz4

/// numcodecs' `lz4`: the decoded byte count (4 bytes, little endian), then one raw LZ4 block.
struct Lz4Block: ByteCodec {
  static let names = CodecNames("lz4", compressorV2: "lz4", v3: ["numcodecs.lz4"])

  init(_ settings: CodecSettings) {}

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard !stored.isEmpty else { throw .damaged("it is empty") }
    guard stored.count > 4, let input = stored.baseAddress else { throw .damaged("lz4: it ends early") }
    let byteCount = Int(UInt32(littleEndian: stored.loadUnaligned(as: UInt32.self)))
    guard byteCount <= output.count, let blockByteCount = Int32(exactly: stored.count - 4) else {
      throw .damaged("lz4: it decodes to \(byteCount) bytes, more than the \(output.count) expected")
    }
    let count = LZ4_decompress_safe(
      (input + 4).assumingMemoryBound(to: CChar.self), output.baseAddress?.assumingMemoryBound(to: CChar.self),
      blockByteCount, Int32(byteCount))
    guard count == byteCount else { throw .damaged("lz4: it cannot be decoded (\(count))") }
    return byteCount
  }
}
