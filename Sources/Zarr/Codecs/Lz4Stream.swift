import CLz4

/// The stream of lz4-java: pieces of `LZ4Block`, token, stored and decoded byte count, checksum, data; the last is empty.
struct Lz4Stream: ByteCodec {
  static let names = CodecNames("lz4", n5: ["lz4"])
  static let hasChecksum = true

  private static let magic: [UInt8] = Array("LZ4Block".utf8)
  private static let headerByteCount = 21

  init(_ settings: CodecSettings) {}

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    var (at, done) = (0, 0)
    while true {
      guard stored.count - at >= Self.headerByteCount else { throw .damaged("lz4: it ends early") }
      guard stored[at..<at + 8].elementsEqual(Self.magic) else { throw .damaged("lz4: a piece does not begin with LZ4Block") }
      func word(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: at + offset, as: UInt32.self))
      }
      let method = stored[at + 8] & 0xF0
      let (storedCount, count, checksum) = (Int(word(9)), Int(word(13)), word(17))
      at += Self.headerByteCount
      if count == 0 {
        guard storedCount == 0, at == stored.count else { throw .damaged("lz4: bytes after its end") }
        return done
      }
      guard storedCount <= stored.count - at else { throw .damaged("lz4: it ends early") }
      guard count <= output.count - done else { throw .damaged("lz4: it decodes to more than \(output.count) bytes") }
      let data = UnsafeRawBufferPointer(rebasing: stored[at..<at + storedCount])
      let target = UnsafeMutableRawBufferPointer(rebasing: output[done..<done + count])
      switch method {
      case 0x10:
        guard storedCount == count else { throw .damaged("lz4: a plain piece of \(storedCount) bytes for \(count)") }
        target.copyMemory(from: data)
      case 0x20:
        guard let byteCount = Int32(exactly: storedCount) else { throw .damaged("lz4: a piece of \(storedCount) bytes") }
        let decoded = LZ4_decompress_safe(
          data.baseAddress?.assumingMemoryBound(to: CChar.self), target.baseAddress?.assumingMemoryBound(to: CChar.self),
          byteCount, Int32(count))
        guard decoded == count else { throw .damaged("lz4: a piece cannot be decoded (\(decoded))") }
      default: throw .damaged("lz4: pieces of method \(method >> 4) are not known")
      }
      guard xxHash32(UnsafeRawBufferPointer(target), seed: 0x9747_b28c) & 0x0FFF_FFFF == checksum else {
        throw .damaged("lz4: the checksum of a piece is wrong")
      }
      at += storedCount
      done += count
    }
  }
}

/// xxHash, 32 bit, of its public specification.
private func xxHash32(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
  let p1: UInt32 = 2_654_435_761, p2: UInt32 = 2_246_822_519, p3: UInt32 = 3_266_489_917
  let p4: UInt32 = 668_265_263, p5: UInt32 = 374_761_393
  func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x << n | x >> (32 - n) }
  func word(_ at: Int) -> UInt32 { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)) }
  func round(_ sum: UInt32, _ at: Int) -> UInt32 { rotate(sum &+ word(at) &* p2, 13) &* p1 }
  var at = 0
  var hash: UInt32
  if bytes.count >= 16 {
    var (a, b, c, d) = (seed &+ p1 &+ p2, seed &+ p2, seed, seed &- p1)
    while at <= bytes.count - 16 {
      (a, b, c, d) = (round(a, at), round(b, at + 4), round(c, at + 8), round(d, at + 12))
      at += 16
    }
    hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
  } else {
    hash = seed &+ p5
  }
  hash = hash &+ UInt32(truncatingIfNeeded: bytes.count)
  while at <= bytes.count - 4 {
    hash = rotate(hash &+ word(at) &* p3, 17) &* p4
    at += 4
  }
  while at < bytes.count {
    hash = rotate(hash &+ UInt32(bytes[at]) &* p5, 11) &* p1
    at += 1
  }
  hash = (hash ^ hash >> 15) &* p2
  hash = (hash ^ hash >> 13) &* p3
  return hash ^ hash >> 16
}
