import Geometry
import JSON

/// One way to store the elements or the bytes of a chunk.
///
/// A codec is one file of this folder: its names in every format, what is read of its settings, decoding, and encoding if we
/// write with it. A line in `Codecs.all` makes all formats know it.
package protocol Codec: Sendable {
  static var names: CodecNames { get }

  /// A codec to decode with, from what the metadata of an array say about it.
  init(_ settings: CodecSettings) throws(ZarrError)

  /// Changes when stored bytes would be understood differently.
  var summary: String { get }
}

extension Codec {
  package var summary: String { Self.names.name }
}

/// A codec that turns bytes into bytes.
package protocol ByteCodec: Codec {
  /// Whether a flipped bit of what is stored is noticed by the codec itself.
  static var hasChecksum: Bool { get }

  /// Bytes that encoding adds, if that does not depend on the content.
  var addedByteCount: Int? { get }

  /// The decoded bytes, if they lie in the stored ones as they are; nil if they have to be decoded.
  func content(of stored: UnsafeRawBufferPointer) throws(CodecFailure) -> UnsafeRawBufferPointer?

  /// Decodes and returns the decoded byte count; more than `output` holds is damage. Both lie in different memory.
  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int
}

extension ByteCodec {
  package static var hasChecksum: Bool { false }
  package var addedByteCount: Int? { nil }
  package func content(of stored: UnsafeRawBufferPointer) throws(CodecFailure) -> UnsafeRawBufferPointer? { nil }
}

/// A codec that turns the elements of a chunk into as many others, before they become bytes.
package protocol ElementCodec: Codec {
  /// The type of the elements that it stores.
  var storedType: ElementType { get }
  /// The byte order of those; in Zarr v3 the codec `bytes` says it.
  var isStoredBigEndian: Bool { get set }

  /// Decodes as many elements as `output` holds, into the host's byte order.
  func decode(_ content: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
}

/// A codec that we write outputs with. A value has the settings of encoding; its coded form is kept in job databases.
package protocol WrittenCodec: ByteCodec, Hashable, Codable {
  static var levels: ClosedRange<Int> { get }
  /// The largest chunk; nil if it takes all that arrays can have.
  static var maximumByteCount: Int? { get }
  /// Name and version of the library that encodes.
  static var library: String { get }

  var level: Int { get }

  /// A codec to encode with, from the object by which users choose it.
  init(chosen fields: CompressorFields) throws(ZarrError)

  /// The settings as Zarr v2 and v3 write them.
  func settingsV2(elementByteCount: Int) -> [String: JSONValue]
  func settingsV3(elementByteCount: Int) -> [String: JSONValue]

  /// Encodes into `context.encoded`. Equal input gives equal bytes.
  ///
  /// - Parameter roomAfter: bytes to be left free after the result.
  func encode(
    _ raw: UnsafeRawBufferPointer, elementByteCount: Int, roomAfter: Int, context: CodecContext
  ) throws(CodecFailure) -> UnsafeRawBufferPointer
}

extension WrittenCodec {
  package static var maximumByteCount: Int? { nil }
}
