/// HDF5's `bitshuffle`: in each block of elements the bits of equal rank lie together, alone or with the blocks compressed.
///
/// A block of n elements is stored as rows of n bits, the lowest bit of the first byte of all elements first; n is a multiple of
/// 8. The last block may be shorter, and up to 7 elements behind it stay as they are. Compressed blocks follow a header (decoded
/// byte count, 8 bytes, and that of a block, 4 bytes), each behind its stored byte count (4 bytes), all big endian.
struct Bitshuffle: ByteCodec {
  static let names = CodecNames("bitshuffle", hdf5: 32008)

  private enum Compression: UInt32 {
    case none = 0
    case lz4 = 2
    case zstd = 3
  }

  private let width: Int
  private let compression: Compression
  /// Elements of a block; with a compression the header says them.
  private let blockLength: Int

  /// The filter's parameters: two of its version, bytes of an element, elements of a block (0: chosen by itself), compression.
  init(_ settings: CodecSettings) throws(ZarrError) {
    let values = settings.values
    guard values.count >= 3, 1...4096 ~= values[2] else { throw settings.unsupported("with the parameters \(values)") }
    width = Int(values[2])
    let length = values.count > 3 ? Int(values[3]) : 0
    blockLength = length > 0 ? length : max(8192 / width / 8 * 8, 128)
    guard let compression = Compression(rawValue: values.count > 4 ? values[4] : 0), blockLength % 8 == 0 else {
      throw settings.unsupported("with the parameters \(values)")
    }
    self.compression = compression
  }

  var addedByteCount: Int? { compression == .none ? 0 : nil }

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    var (at, byteCount, blockByteCount) = (0, stored.count, blockLength * width)
    if compression != .none {
      guard stored.count >= 12 else { throw .damaged("bitshuffle: it ends early") }
      let count = UInt64(bigEndian: stored.loadUnaligned(as: UInt64.self))
      byteCount = Int(exactly: count) ?? .max
      blockByteCount = Int(UInt32(bigEndian: stored.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
      at = 12
    }
    guard byteCount <= output.count else { throw .damaged("bitshuffle: it decodes to more than \(output.count) bytes") }
    guard byteCount % width == 0 else { throw .damaged("bitshuffle: \(byteCount) bytes are no whole elements of \(width)") }
    guard blockByteCount > 0, blockByteCount % (8 * width) == 0 else {
      throw .damaged("bitshuffle: a block of \(blockByteCount) bytes is no multiple of 8 elements")
    }
    let end = byteCount - byteCount % (8 * width)
    let scratch = compression == .none ? nil : try context.push(byteCount: min(blockByteCount, end))
    defer { if scratch != nil { context.pop() } }
    var done = 0
    while done < end {
      let count = min(blockByteCount, end - done)
      var block = UnsafeRawBufferPointer(rebasing: stored[min(at, stored.count)...])
      if let scratch {
        guard block.count >= 4 else { throw .damaged("bitshuffle: it ends early") }
        let storedCount = Int(UInt32(bigEndian: block.loadUnaligned(as: UInt32.self)))
        guard storedCount <= block.count - 4 else { throw .damaged("bitshuffle: it ends early") }
        let target = UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
        try unpack(UnsafeRawBufferPointer(rebasing: block[4..<(4 + storedCount)]), into: target, context: context)
        block = UnsafeRawBufferPointer(target)
        at += 4 + storedCount
      } else {
        at += count
      }
      turn(block, into: UnsafeMutableRawBufferPointer(rebasing: output[done..<(done + count)]))
      done += count
    }
    guard stored.count - at == byteCount - end else {
      throw .damaged("bitshuffle: \(stored.count - at) bytes are left where \(byteCount - end) are expected")
    }
    UnsafeMutableRawBufferPointer(rebasing: output[end..<byteCount]).copyMemory(from: UnsafeRawBufferPointer(rebasing: stored[at...]))
    return byteCount
  }

  private func unpack(
    _ stored: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) {
    guard compression == .zstd else { return try Lz4Pieces.decodePiece(stored, into: target) }
    let count = try Zstd(level: 0).decode(stored, into: target, context: context)
    guard count == target.count else {
      throw .damaged("bitshuffle: a block decodes to \(count) bytes where \(target.count) are expected")
    }
  }

  /// Rows of bits to elements; both hold the same whole number of 8 elements, `block` perhaps more.
  private func turn(_ block: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) {
    guard let from = block.baseAddress, let to = target.baseAddress else { return }
    let rowByteCount = target.count / width / 8
    for rank in 0..<width {
      let rows = from + 8 &* rank &* rowByteCount
      for i in 0..<rowByteCount {
        // row k of 8 elements is byte k
        var bits: UInt64 = 0
        for k in 0..<8 {
          let byte = rows.load(fromByteOffset: k &* rowByteCount &+ i, as: UInt8.self)
          bits |= UInt64(byte) &<< UInt64(8 &* k)
        }
        bits = turned(bits)
        let first = 8 &* i &* width &+ rank
        for k in 0..<8 {
          to.storeBytes(of: UInt8(truncatingIfNeeded: bits), toByteOffset: first &+ k &* width, as: UInt8.self)
          bits &>>= 8
        }
      }
    }
  }

  /// 8 x 8 bits, turned around their diagonal: bit k of byte i becomes bit i of byte k.
  private func turned(_ bits: UInt64) -> UInt64 {
    func swap(_ x: UInt64, _ shift: UInt64, _ mask: UInt64) -> UInt64 {
      let other = (x ^ x >> shift) & mask
      return x ^ other ^ other << shift
    }
    return swap(swap(swap(bits, 7, 0x00AA_00AA_00AA_00AA), 14, 0x0000_CCCC_0000_CCCC), 28, 0x0000_0000_F0F0_F0F0)
  }
}
