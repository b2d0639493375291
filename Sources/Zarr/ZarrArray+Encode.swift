import Geometry
import Memory

extension ZarrArray {
  /// Encodes one read unit (`chunkByteCount` bytes, C order, the host's byte order) as it is stored. Equal input gives
  /// equal bytes.
  ///
  /// The result lies in `context` until the next call on it, or, if nothing has to be done, is `raw` itself: the
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
      throw error.error { .encodingFailed(path: path, reason: $0) }
    }
  }

  private func encode(
    _ raw: UnsafeRawBufferPointer, compressor: Compressor, context: CodecContext
  ) throws(CodecFailure) -> UnsafeRawBufferPointer {
    let isSealed = chain.packers.last is Crc32c
    let room = isSealed ? Crc32c.byteCount : 0
    if let codec = compressor.codec {
      let packed = try codec.encode(raw, elementByteCount: elementType.byteCount, roomAfter: room, context: context)
      return isSealed ? seal(packed.count, in: context.encoded) : packed
    }
    if !isSealed { return raw }
    let copy = try context.encoded.reserve(chunk: raw.count + room)
    copy.copyMemory(from: raw)
    return seal(raw.count, in: context.encoded)
  }

  /// Appends the crc32c of the first bytes of a buffer, which has room for it.
  private func seal(_ byteCount: Int, in buffer: ScratchBuffer) -> UnsafeRawBufferPointer {
    let bytes = buffer.content(byteCount: byteCount + Crc32c.byteCount)
    let crc = Crc32c.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<byteCount]))
    bytes.storeBytes(of: crc.littleEndian, toByteOffset: byteCount, as: UInt32.self)
    return UnsafeRawBufferPointer(bytes)
  }
}
