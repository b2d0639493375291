import Memory

/// Memory that grows and stays; owned by one fuser, on one thread.
final class ScratchBuffer {
  private var bytes = Pages.take(byteCount: 64)

  var base: UnsafeMutableRawPointer { bytes.baseAddress.unsafelyUnwrapped }

  deinit { Pages.free(bytes) }

  /// At least `count` bytes, whatever they hold.
  func reserve(byteCount count: Int) {
    if count <= bytes.count { return }
    Pages.free(bytes)
    bytes = Pages.take(byteCount: count)
  }

  func reserve<T: BitwiseCopyable>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
    reserve(byteCount: count * MemoryLayout<T>.stride)
    return base.assumingMemoryBound(to: type)
  }
}
