import CZlib
import Memory

/// gzip members (RFC 1952) and zlib streams (RFC 1950) through one inflate and one deflate state: what `Gzip` and `Zlib` share.
final class DeflateState: CodecContext.State {
  enum Container: Int32, Sendable, Hashable {
    /// The window bits of zlib that choose the container.
    case zlib = 15
    case gzip = 31
  }

  private var inflater: UnsafeMutablePointer<z_stream>?
  private var deflater: UnsafeMutablePointer<z_stream>?
  private var deflaterLevel = 0

  /// Decodes a zlib stream, or one or several gzip members, and returns the decoded byte count. Checksums are checked;
  /// bytes after the end are damage.
  func decode(
    _ stored: UnsafeRawBufferPointer, container: Container, into output: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) -> Int {
    guard !stored.isEmpty, let input = stored.baseAddress, let start = output.baseAddress else { throw .damaged("it is empty") }
    let stream = try readyInflater(container)
    // zlib's signature lacks the const; it does not write its input
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(stored.count)
    stream.pointee.next_out = start.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(output.count)
    while true {
      let status = inflate(stream, Z_FINISH)
      guard status == Z_STREAM_END else {
        if status == Z_MEM_ERROR { throw .outOfMemory(byteCount: 1 << 16) }
        throw .damaged("\(container): \(Self.message(status, stream))")
      }
      if stream.pointee.avail_in == 0 { return output.count - Int(stream.pointee.avail_out) }
      guard container == .gzip else { throw .damaged("\(stream.pointee.avail_in) bytes after the end of the stream") }
      guard inflateReset(stream) == Z_OK else { throw .failed("zlib cannot start again") }
    }
  }

  /// One gzip member without a time stamp, so that equal input gives equal bytes.
  func encodeGzip(
    _ raw: UnsafeRawBufferPointer, level: Int, roomAfter: Int, into output: ScratchBuffer
  ) throws(CodecFailure) -> UnsafeRawBufferPointer {
    guard let input = raw.baseAddress else { throw .failed("there is nothing to encode") }
    let stream = try readyDeflater(level: level)
    let memory = try output.reserve(chunk: Int(deflateBound(stream, UInt(raw.count))) + roomAfter)
    let target = UnsafeMutableRawBufferPointer(rebasing: memory.dropLast(roomAfter))
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(raw.count)
    stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(target.count)
    let status = CZlib.deflate(stream, Z_FINISH)
    guard status == Z_STREAM_END else { throw .failed("gzip: \(Self.message(status, stream))") }
    return UnsafeRawBufferPointer(rebasing: target[0..<(target.count - Int(stream.pointee.avail_out))])
  }

  private func readyInflater(_ container: Container) throws(CodecFailure) -> UnsafeMutablePointer<z_stream> {
    if let inflater {
      guard inflateReset2(inflater, container.rawValue) == Z_OK else { throw .failed("zlib cannot start again") }
      return inflater
    }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(stream, container.rawValue, ZLIB_VERSION, size) == Z_OK else {
      stream.deallocate()
      throw .outOfMemory(byteCount: 1 << 16)
    }
    inflater = stream
    return stream
  }

  private func readyDeflater(level: Int) throws(CodecFailure) -> UnsafeMutablePointer<z_stream> {
    if let deflater {
      if deflaterLevel == level {
        guard deflateReset(deflater) == Z_OK else { throw .failed("zlib cannot start again") }
        return deflater
      }
      freeDeflater()
    }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = deflateInit2_(
      stream, Int32(level), Z_DEFLATED, Container.gzip.rawValue, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      stream.deallocate()
      if status == Z_MEM_ERROR { throw .outOfMemory(byteCount: 1 << 18) }
      throw .failed("gzip has no level \(level)")
    }
    (deflater, deflaterLevel) = (stream, level)
    return stream
  }

  private func freeDeflater() {
    guard let deflater else { return }
    deflateEnd(deflater)
    deflater.deallocate()
    self.deflater = nil
  }

  private static func message(_ status: Int32, _ stream: UnsafeMutablePointer<z_stream>) -> String {
    if status == Z_BUF_ERROR {
      return stream.pointee.avail_out == 0 ? "it decodes to more bytes than a chunk has" : "it ends early"
    }
    return stream.pointee.msg.map { String(cString: $0) } ?? "error \(status)"
  }

  deinit {
    if let inflater {
      inflateEnd(inflater)
      inflater.deallocate()
    }
    freeDeflater()
  }
}
