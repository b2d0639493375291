import Geometry
import JSON

/// The metadata of an array, in one model for both versions of Zarr.
struct ArrayMetadata: Sendable {
  var zarrFormat: Int
  var shape: [Int]
  /// The shape of one file: a chunk, or a shard.
  var fileShape: [Int]
  var elementType: ElementType
  /// One element, in the host's byte order.
  var fill: [UInt8]
  var chain: CodecChain
  var keys: ChunkKeys
  var attributes: JSONValue
  var dimensionNames: [String?]?
  /// One line that changes when stored bytes would be understood differently.
  var codecSummary: String

  static let axisCounts = 1...8

  static func summary(
    zarrFormat: Int, type: ElementType, fileShape: [Int], codecs: [String], fill: [UInt8], keys: ChunkKeys
  ) -> String {
    let bytes = (hostIsBigEndian ? fill : fill.reversed())
    let fillText = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    let chunks = fileShape.map(String.init).joined(separator: "x")
    return "v\(zarrFormat) \(type.rawValue) \(chunks) \(codecs.joined(separator: " | ")) fill 0x\(fillText) "
      + "keys \(keys.summary)"
  }
}
