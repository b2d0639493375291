import CLzma
import JSON

/// xz streams. numcodecs calls them `lzma`, of which they are the format 1.
struct Xz: ByteCodec {
  static let names = CodecNames("xz", compressorV2: "lzma", v3: ["numcodecs.lzma"], n5: ["xz"])
  static let hasChecksum = true

  init(_ settings: CodecSettings) throws(ZarrError) {
    let format = settings.members["format"] ?? .null
    guard format.isNull || format == 1 else { throw settings.unsupported("in the format \(format.excerpt)") }
  }

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    // the largest dictionary of the usual levels takes 65 MiB
    var memoryLimit: UInt64 = 128 << 20
    var (read, written) = (0, 0)
    let status = lzma_stream_buffer_decode(
      &memoryLimit, 0, nil, stored.baseAddress?.assumingMemoryBound(to: UInt8.self), &read, stored.count,
      output.baseAddress?.assumingMemoryBound(to: UInt8.self), &written, output.count)
    switch status {
    case LZMA_OK:
      guard read == stored.count else { throw .damaged("xz: \(stored.count - read) bytes after the end of the stream") }
      return written
    case LZMA_MEM_ERROR: throw .outOfMemory(byteCount: 1 << 26)
    case LZMA_MEMLIMIT_ERROR: throw .failed("xz: it needs \(memoryLimit) bytes to be decoded")
    case LZMA_BUF_ERROR: throw .damaged("xz: it decodes to more than \(output.count) bytes, or ends early")
    default: throw .damaged("xz: it cannot be decoded (\(status.rawValue))")
    }
  }
}
