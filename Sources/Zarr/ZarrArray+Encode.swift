import Geometry

extension ZarrArray {
  /// Encodes one read unit (`chunkByteCount` bytes, C order, the host's byte order) as it is stored. Equal input gives
  /// equal bytes.
  ///
  /// The result lies in `context` until the next call on it, or, where nothing has to be done, is `raw` itself: the
  /// caller keeps both alive while it uses the result.
  public func encodeChunk(
    _ raw: UnsafeRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> UnsafeRawBufferPointer {
    guard let compressor else {
      throw .unsupported(path: path, feature: "writing to an array that was opened to be read")
    }
    guard raw.count == chunkByteCount else {
      throw .bufferMismatch(expectedByteCount: chunkByteCount, actualByteCount: raw.count)
    }
    do throws(CodecFailure) {
      guard hostIsBigEndian, elementType.byteCount > 1 else {
        return try encode(raw, compressor: compressor, context: context)
      }
      let swapped = try context.push(byteCount: raw.count)
      defer { context.pop() }
      swapBytes(raw, to: swapped, elementByteCount: elementType.byteCount)
      return try encode(UnsafeRawBufferPointer(swapped), compressor: compressor, context: context)
    } catch {
      switch error {
      case .damaged(let reason), .failed(let reason): throw .encodingFailed(path: path, reason: reason)
      case .outOfMemory(let byteCount): throw .outOfMemory(byteCount: byteCount)
      case .io(let error): throw error
      }
    }
  }

  private func encode(
    _ raw: UnsafeRawBufferPointer, compressor: Compressor, context: CodecContext
  ) throws(CodecFailure) -> UnsafeRawBufferPointer {
    switch compressor {
    case .none: raw
    case .zstd(let level): try context.zstd.encode(raw, level: level, into: context.encoded)
    case .gzip(let level): try context.deflate.encodeGzip(raw, level: level, into: context.encoded)
    case .blosc(let codec, let level, let shuffle):
      try BloscContainer.encode(
        raw, codec: codec, level: level, shuffle: shuffle, elementByteCount: elementType.byteCount,
        into: context.encoded)
    }
  }
}
