import CZstd

/// zstd frames (RFC 8878) through one compression and one decompression context.
final class ZstdCodec {
  private var decoder: OpaquePointer?
  private var encoder: OpaquePointer?
  private var encoderLevel: Int?

  /// Decodes one or several frames and returns the decoded byte count. Checksums are checked; bytes that belong to no
  /// frame are damage.
  func decode(_ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(CodecFailure) -> Int
  {
    if decoder == nil { decoder = ZSTD_createDCtx() }
    guard let decoder else { throw .outOfMemory(byteCount: 1 << 17) }
    let count = ZSTD_decompressDCtx(decoder, output.baseAddress, output.count, stored.baseAddress, stored.count)
    guard ZSTD_isError(count) == 0 else { throw .damaged("zstd: \(Self.message(count))") }
    return count
  }

  /// One frame with content size and checksum.
  func encode(_ raw: UnsafeRawBufferPointer, level: Int, into output: ScratchBuffer) throws(CodecFailure)
    -> UnsafeRawBufferPointer
  {
    if encoder == nil { encoder = ZSTD_createCCtx() }
    guard let encoder else { throw .outOfMemory(byteCount: 1 << 20) }
    if encoderLevel != level {
      encoderLevel = nil
      try check(ZSTD_CCtx_setParameter(encoder, ZSTD_c_compressionLevel, Int32(level)))
      try check(ZSTD_CCtx_setParameter(encoder, ZSTD_c_checksumFlag, 1))
      encoderLevel = level
    }
    let target = try output.reserve(byteCount: ZSTD_compressBound(raw.count))
    let count = ZSTD_compress2(encoder, target.baseAddress, target.count, raw.baseAddress, raw.count)
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
