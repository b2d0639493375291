import Memory

/// What one thread needs to encode and decode chunks: codec states and scratch memory, made once and used again, so
/// that nothing is allocated per chunk once the buffers have grown.
///
/// Not Sendable: one per thread.
public final class CodecContext {
  /// What a codec keeps from one chunk to the next, such as a library's context.
  protocol State: AnyObject {
    init()
  }

  /// What `encodeChunk` returned last.
  let encoded = ScratchBuffer()
  private var states: [ObjectIdentifier: any State] = [:]
  private var stack: [ScratchBuffer] = []
  private var used = 0

  public init() {}

  /// The state of a codec, which is made when it is first asked for.
  func state<Kind: State>(_: Kind.Type) -> Kind {
    if let known = states[ObjectIdentifier(Kind.self)] as? Kind { return known }
    let new = Kind()
    states[ObjectIdentifier(Kind.self)] = new
    return new
  }

  /// Scratch memory until the matching `pop`.
  package func push(byteCount: Int) throws(CodecFailure) -> UnsafeMutableRawBufferPointer {
    if used == stack.count { stack.append(ScratchBuffer()) }
    let bytes = try stack[used].reserve(chunk: byteCount)
    used += 1
    return bytes
  }

  package func pop(_ count: Int = 1) {
    used -= count
  }
}

extension ScratchBuffer {
  /// Memory for a chunk, of a size that metadata or the chunk itself may have named.
  func reserve(chunk byteCount: Int) throws(CodecFailure) -> UnsafeMutableRawBufferPointer {
    guard let bytes = reserveIfPossible(byteCount: byteCount) else { throw .outOfMemory(byteCount: byteCount) }
    return bytes
  }
}
