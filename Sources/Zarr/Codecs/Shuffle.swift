import Geometry
import JSON

/// Bytes of equal rank in their elements lie together. In HDF5 a rest that makes no whole element stays as it is.
struct Shuffle: ByteCodec {
  static let names = CodecNames("shuffle", filterV2: "shuffle", v3: ["numcodecs.shuffle"], hdf5: 2)

  private let width: Int
  private let allowsRest: Bool

  init(_ settings: CodecSettings) throws(ZarrError) {
    allowsRest = settings.format == .hdf5
    guard !allowsRest else {
      width = settings.elementType.byteCount
      return
    }
    // what is left out is numcodecs' default; a width of 0 is, as there, none
    let size = settings.members["elementsize"] ?? .null
    guard let width = size.isNull ? 4 : size.int, width >= 0 else { throw settings.unsupported("of elements of \(size.excerpt) bytes") }
    self.width = max(1, width)
  }

  var summary: String { "shuffle \(width)" }

  var addedByteCount: Int? { 0 }

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard stored.count <= output.count else { throw .damaged("shuffle: it has more than \(output.count) bytes") }
    guard allowsRest || stored.count % width == 0 else {
      throw .damaged("shuffle: \(stored.count) bytes are no whole elements of \(width)")
    }
    let count = stored.count / width
    for rank in 0..<width {
      for i in 0..<count { output[i &* width &+ rank] = stored[rank &* count &+ i] }
    }
    for i in (count * width)..<stored.count { output[i] = stored[i] }
    return stored.count
  }
}
