import Foundation
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
    let bytes = try stack[used].reserve(byteCount: byteCount)
    used += 1
    return bytes
  }

  package func pop(_ count: Int = 1) {
    used -= count
  }
}

/// Memory that grows and is used again. Its content is undefined after `reserve`.
final class ScratchBuffer {
  private var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  func reserve(byteCount: Int) throws(CodecFailure) -> UnsafeMutableRawBufferPointer {
    if bytes.count < byteCount || bytes.baseAddress == nil {
      release()
      guard byteCount < 1 << 60,
        // to whole pages, so that sizes that vary a little do not allocate again
        let memory = Pages.allocate(byteCount: max((byteCount + 65_535) & ~65_535, 65_536))
      else { throw .outOfMemory(byteCount: byteCount) }
      bytes = memory
    }
    return UnsafeMutableRawBufferPointer(rebasing: bytes[0..<byteCount])
  }

  /// The first bytes of what was reserved.
  func content(byteCount: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: bytes[0..<byteCount])
  }

  func release() {
    Pages.free(bytes)
    bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }

  deinit { Pages.free(bytes) }
}
