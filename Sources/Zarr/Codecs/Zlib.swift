/// zlib streams (RFC 1950).
struct Zlib: ByteCodec {
  static let names = CodecNames("zlib", compressorV2: "zlib", v3: ["numcodecs.zlib"], hdf5: 1)
  static let hasChecksum = true

  init(_ settings: CodecSettings) {}

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    try context.state(DeflateState.self).decode(stored, container: .zlib, into: output)
  }
}
