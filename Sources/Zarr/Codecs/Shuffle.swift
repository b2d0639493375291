import Geometry

/// Bytes of equal rank in their elements lie together; a rest that makes no whole element stays as it is.
struct Shuffle: ByteCodec {
  static let names = CodecNames("shuffle", hdf5: 2)

  private let width: Int

  init(_ settings: CodecSettings) {
    width = settings.elementType.byteCount
  }

  var addedByteCount: Int? { 0 }

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard stored.count <= output.count else { throw .damaged("shuffle: it has more than \(output.count) bytes") }
    let count = stored.count / width
    for rank in 0..<width {
      for i in 0..<count { output[i &* width &+ rank] = stored[rank &* count &+ i] }
    }
    for i in (count * width)..<stored.count { output[i] = stored[i] }
    return stored.count
  }
}
