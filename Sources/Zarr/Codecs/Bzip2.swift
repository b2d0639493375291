import CBzip2

/// bzip2 streams.
struct Bzip2: ByteCodec {
  static let names = CodecNames("bzip2", compressorV2: "bz2", v3: ["numcodecs.bz2"], n5: ["bzip2"])
  static let hasChecksum = true

  init(_ settings: CodecSettings) {}

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    var count = UInt32(output.count)
    // the library's signature lacks the const; it does not write its input
    let status = BZ2_bzBuffToBuffDecompress(
      output.baseAddress?.assumingMemoryBound(to: CChar.self), &count,
      UnsafeMutablePointer(mutating: stored.baseAddress?.assumingMemoryBound(to: CChar.self)), UInt32(stored.count), 0, 0)
    switch status {
    case BZ_OK: return Int(count)
    case BZ_MEM_ERROR: throw .outOfMemory(byteCount: 1 << 22)
    case BZ_OUTBUFF_FULL: throw .damaged("bzip2: it decodes to more than \(output.count) bytes")
    case BZ_UNEXPECTED_EOF: throw .damaged("bzip2: it ends early")
    default: throw .damaged("bzip2: it cannot be decoded (\(status))")
    }
  }
}
