import CBzip2
import CLz4
import CLzma
import JSON

/// The compressions of N5 blocks, by their names in attributes.json.
enum N5Codec: String, Sendable {
  case raw, gzip, zlib, zstd, lz4, blosc, xz, bzip2

  /// From `compression`, or `compressionType` of the first version.
  init(_ reader: MetadataReader) throws(ZarrError) {
    let value = reader.members["compression"]
    guard let name = value?["type"]?.string ?? value?.string ?? reader.members["compressionType"]?.string else {
      throw reader.invalid("\"compression\" names no type")
    }
    switch name {
    case "gzip": self = value?["useZlib"]?.bool == true ? .zlib : .gzip
    case "zstandard": self = .zstd
    case "zlib": throw reader.unsupported("the compression \"zlib\"")
    default:
      guard let codec = N5Codec(rawValue: name) else { throw reader.unsupported("the compression \"\(name)\"") }
      self = codec
    }
  }

  /// Decodes the data of a block and returns the decoded byte count.
  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard !stored.isEmpty else { throw .damaged("it has no data") }
    switch self {
    case .raw:
      guard stored.count <= output.count else {
        throw .damaged("it has \(stored.count) bytes of data where \(output.count) are expected")
      }
      output.copyMemory(from: stored)
      return stored.count
    case .gzip: return try context.deflate.decode(stored, container: .gzip, into: output)
    case .zlib: return try context.deflate.decode(stored, container: .zlib, into: output)
    case .zstd: return try context.zstd.decode(stored, into: output)
    case .blosc: return try BloscContainer.decode(stored, into: output)
    case .lz4: return try Lz4Stream.decode(stored, into: output)
    case .xz: return try decodeXz(stored, into: output)
    case .bzip2: return try decodeBzip2(stored, into: output)
    }
  }

  private func decodeXz(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) -> Int {
    // the largest dictionary of the usual levels takes 65 MiB
    var memoryLimit: UInt64 = 128 << 20
    var (read, written) = (0, 0)
    let status = lzma_stream_buffer_decode(
      &memoryLimit, 0, nil, stored.baseAddress?.assumingMemoryBound(to: UInt8.self), &read, stored.count,
      output.baseAddress?.assumingMemoryBound(to: UInt8.self), &written, output.count)
    switch status {
    case LZMA_OK:
      guard read == stored.count else { throw .damaged("xz: \(stored.count - read) bytes after the end of the stream") }
      return written
    case LZMA_MEM_ERROR: throw .outOfMemory(byteCount: 1 << 26)
    case LZMA_MEMLIMIT_ERROR: throw .failed("xz: it needs \(memoryLimit) bytes to be decoded")
    case LZMA_BUF_ERROR: throw .damaged("xz: it decodes to more than \(output.count) bytes, or ends early")
    default: throw .damaged("xz: it cannot be decoded (\(status.rawValue))")
    }
  }

  private func decodeBzip2(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) -> Int {
    var count = UInt32(output.count)
    // the library's signature lacks the const; it does not write its input
    let status = BZ2_bzBuffToBuffDecompress(
      output.baseAddress?.assumingMemoryBound(to: CChar.self), &count,
      UnsafeMutablePointer(mutating: stored.baseAddress?.assumingMemoryBound(to: CChar.self)), UInt32(stored.count), 0, 0)
    switch status {
    case BZ_OK: return Int(count)
    case BZ_MEM_ERROR: throw .outOfMemory(byteCount: 1 << 22)
    case BZ_OUTBUFF_FULL: throw .damaged("bzip2: it decodes to more than \(output.count) bytes")
    case BZ_UNEXPECTED_EOF: throw .damaged("bzip2: it ends early")
    default: throw .damaged("bzip2: it cannot be decoded (\(status))")
    }
  }
}

/// The stream of lz4-java: pieces of `LZ4Block`, token, stored and decoded byte count, checksum, data; the last is empty.
enum Lz4Stream {
  private static let magic: [UInt8] = Array("LZ4Block".utf8)
  private static let headerByteCount = 21

  static func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) -> Int {
    var (at, done) = (0, 0)
    while true {
      guard stored.count - at >= headerByteCount else { throw .damaged("lz4: it ends early") }
      guard stored[at..<at + 8].elementsEqual(magic) else { throw .damaged("lz4: a piece does not begin with LZ4Block") }
      func word(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: at + offset, as: UInt32.self))
      }
      let method = stored[at + 8] & 0xF0
      let (storedCount, count, checksum) = (Int(word(9)), Int(word(13)), word(17))
      at += headerByteCount
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
func xxHash32(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
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
