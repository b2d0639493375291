import CZlib
import JSON

/// gzip members (RFC 1952). N5 can say that its `gzip` is a zlib stream.
struct Gzip: WrittenCodec {
  static let names = CodecNames("gzip", compressorV2: "gzip", v3: ["gzip", "numcodecs.gzip"], n5: ["gzip"])
  static let hasChecksum = true
  static let levels = 0...9
  static var library: String { "zlib \(zlibVersion().map { String(cString: $0) } ?? "unknown")" }

  /// Decoding needs none.
  var level = 1
  private var container = DeflateState.Container.gzip

  private enum CodingKeys: CodingKey {
    case level
  }

  init(level: Int) {
    self.level = level
  }

  init(_ settings: CodecSettings) {
    if settings.format == .n5, settings.members["useZlib"]?.bool == true { container = .zlib }
  }

  init(chosen fields: CompressorFields) throws(ZarrError) {
    try fields.allow(["level"])
    level = try fields.int("level", default: 1)
  }

  var summary: String { "\(container)" }

  func settingsV2(elementByteCount: Int) -> [String: JSONValue] { ["level": .int(Int64(level))] }
  func settingsV3(elementByteCount: Int) -> [String: JSONValue] { ["level": .int(Int64(level))] }

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    try context.state(DeflateState.self).decode(stored, container: container, into: output)
  }

  func encode(
    _ raw: UnsafeRawBufferPointer, elementByteCount: Int, roomAfter: Int, context: CodecContext
  ) throws(CodecFailure) -> UnsafeRawBufferPointer {
    try context.state(DeflateState.self).encodeGzip(raw, level: level, roomAfter: roomAfter, into: context.encoded)
  }
}

extension Compressor {
  public static func gzip(level: Int) -> Compressor { Compressor(codec: Gzip(level: level)) }
}
