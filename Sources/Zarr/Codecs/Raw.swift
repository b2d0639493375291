/// Bytes as they are, for which N5 has a name.
struct Raw: ByteCodec {
  static let names = CodecNames("raw", n5: ["raw"])

  var addedByteCount: Int? { 0 }

  init(_ settings: CodecSettings) {}

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard stored.count <= output.count else {
      throw .damaged("it has \(stored.count) bytes of data where \(output.count) are expected")
    }
    output.copyMemory(from: stored)
    return stored.count
  }
}
