import CZstd
import JSON
import Memory

/// zstd frames (RFC 8878). Frames that we write carry a checksum.
struct Zstd: WrittenCodec {
  static let names = CodecNames("zstd", compressorV2: "zstd", v3: ["zstd", "numcodecs.zstd"], n5: ["zstd", "zstandard"], hdf5: 32015)
  static let hasChecksum = true
  static let levels = -131_072...22
  static var library: String { "zstd \(String(cString: ZSTD_versionString()))" }

  /// 0 is the library's default. Decoding needs none.
  var level = 0

  init(level: Int) {
    self.level = level
  }

  init(_ settings: CodecSettings) {}

  init(chosen fields: CompressorFields) throws(ZarrError) {
    try fields.allow(["level", "checksum"])
    level = try fields.int("level", default: 0)
  }

  /// Without a `checksum` key, which several readers refuse; the frame says it itself.
  func settingsV2(elementByteCount: Int) -> [String: JSONValue] { ["level": .int(Int64(level))] }
  func settingsV3(elementByteCount: Int) -> [String: JSONValue] { ["level": .int(Int64(level)), "checksum": true] }

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard !stored.isEmpty else { throw .damaged("it is empty") }
    return try context.state(ZstdState.self).decode(stored, into: output)
  }

  func encode(
    _ raw: UnsafeRawBufferPointer, elementByteCount: Int, roomAfter: Int, context: CodecContext
  ) throws(CodecFailure) -> UnsafeRawBufferPointer {
    try context.state(ZstdState.self).encode(raw, level: level, roomAfter: roomAfter, into: context.encoded)
  }
}

extension Compressor {
  /// Level 0 is the library's default. Frames always carry a checksum.
  public static func zstd(level: Int) -> Compressor { Compressor(codec: Zstd(level: level)) }
}

/// One compression and one decompression context.
private final class ZstdState: CodecContext.State {
  private var decoder: OpaquePointer?
  private var encoder: OpaquePointer?
  private var encoderLevel: Int?

  /// Decodes one or several frames and returns the decoded byte count. Checksums are checked; bytes that belong to no
  /// frame are damage.
  func decode(_ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(CodecFailure) -> Int {
    if decoder == nil { decoder = ZSTD_createDCtx() }
    guard let decoder else { throw .outOfMemory(byteCount: 1 << 17) }
    let count = ZSTD_decompressDCtx(decoder, output.baseAddress, output.count, stored.baseAddress, stored.count)
    guard ZSTD_isError(count) == 0 else { throw .damaged("zstd: \(Self.message(count))") }
    return count
  }

  /// One frame with content size and checksum.
  func encode(
    _ raw: UnsafeRawBufferPointer, level: Int, roomAfter: Int, into output: ScratchBuffer
  ) throws(CodecFailure) -> UnsafeRawBufferPointer {
    if encoder == nil { encoder = ZSTD_createCCtx() }
    guard let encoder else { throw .outOfMemory(byteCount: 1 << 20) }
    if encoderLevel != level {
      encoderLevel = nil
      try check(ZSTD_CCtx_setParameter(encoder, ZSTD_c_compressionLevel, Int32(level)))
      try check(ZSTD_CCtx_setParameter(encoder, ZSTD_c_checksumFlag, 1))
      encoderLevel = level
    }
    let target = try output.reserve(chunk: ZSTD_compressBound(raw.count) + roomAfter)
    let count = ZSTD_compress2(encoder, target.baseAddress, target.count - roomAfter, raw.baseAddress, raw.count)
    try check(count)
    return UnsafeRawBufferPointer(rebasing: target[0..<count])
  }

  private func check(_ result: Int) throws(CodecFailure) {
    guard ZSTD_isError(result) == 0 else { throw .failed("zstd: \(Self.message(result))") }
  }

  private static func message(_ result: Int) -> String {
    String(cString: ZSTD_getErrorName(result))
  }

  deinit {
    ZSTD_freeDCtx(decoder)
    ZSTD_freeCCtx(encoder)
  }
}
