import Memory

/// Memory that grows and stays; owned by one fuser, on one thread.
final class ScratchBuffer {
  private var bytes = ScratchBuffer.allocate(64)

  var base: UnsafeMutableRawPointer { bytes.baseAddress.unsafelyUnwrapped }

  deinit { Pages.free(bytes) }

  /// At least `count` bytes, whatever they hold.
  func reserve(byteCount count: Int) {
    if count <= bytes.count { return }
    Pages.free(bytes)
    bytes = Self.allocate(count)
  }

  func reserve<T: BitwiseCopyable>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
    reserve(byteCount: count * MemoryLayout<T>.stride)
    return base.assumingMemoryBound(to: type)
  }

  /// Callers have checked what they ask for against their limits; a system that has not even that is out of memory.
  private static func allocate(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
    guard let bytes = Pages.allocate(byteCount: byteCount) else { fatalError("no memory for \(byteCount) bytes") }
    return bytes
  }
}
