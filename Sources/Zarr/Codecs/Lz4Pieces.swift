import CLz4

/// The `lz4` of HDF5: decoded byte count (8 bytes) and that of a piece (4 bytes), then pieces with their stored byte count
/// (4 bytes), all big endian. A piece that LZ4 did not make smaller is stored as it is.
struct Lz4Pieces: ByteCodec {
  static let names = CodecNames("lz4", hdf5: 32004)

  init(_ settings: CodecSettings) {}

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard stored.count >= 12 else { throw .damaged("lz4: it ends early") }
    guard let byteCount = Int(exactly: UInt64(bigEndian: stored.loadUnaligned(as: UInt64.self))), byteCount <= output.count else {
      throw .damaged("lz4: it decodes to more than \(output.count) bytes")
    }
    let pieceByteCount = Int(UInt32(bigEndian: stored.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
    guard pieceByteCount > 0 || byteCount == 0 else { throw .damaged("lz4: its pieces have no bytes") }
    var (at, done) = (12, 0)
    while done < byteCount {
      guard stored.count - at >= 4 else { throw .damaged("lz4: it ends early") }
      let storedCount = Int(UInt32(bigEndian: stored.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
      at += 4
      guard storedCount <= stored.count - at else { throw .damaged("lz4: it ends early") }
      let count = min(pieceByteCount, byteCount - done)
      let piece = UnsafeRawBufferPointer(rebasing: stored[at..<(at + storedCount)])
      let target = UnsafeMutableRawBufferPointer(rebasing: output[done..<(done + count)])
      if storedCount == count {
        target.copyMemory(from: piece)
      } else {
        try Self.decodePiece(piece, into: target)
      }
      at += storedCount
      done += count
    }
    guard at == stored.count else { throw .damaged("lz4: \(stored.count - at) bytes after its end") }
    return byteCount
  }

  /// One raw LZ4 block that fills `target`.
  static func decodePiece(_ piece: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws(CodecFailure) {
    guard let storedCount = Int32(exactly: piece.count), let count = Int32(exactly: target.count) else {
      throw .damaged("lz4: a piece of \(piece.count) bytes for \(target.count)")
    }
    let decoded = LZ4_decompress_safe(
      piece.baseAddress?.assumingMemoryBound(to: CChar.self), target.baseAddress?.assumingMemoryBound(to: CChar.self),
      storedCount, count)
    guard decoded == count else { throw .damaged("lz4: a piece cannot be decoded (\(decoded))") }
  }
}
