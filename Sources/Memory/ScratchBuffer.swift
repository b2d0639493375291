/// Memory to work in, that grows to what is asked for and stays; for one thread.
///
/// What it holds is undefined after each `reserve`, and the memory that was given before may be gone.
public final class ScratchBuffer {
  // nothing that touches it is inlined into other modules, where each access would be checked anew as it runs
  private var bytes = Pages.take(byteCount: 64)

  public init() {}

  deinit { Pages.free(bytes) }

  /// The first byte of what was reserved last; aligned to 64 bytes.
  public var base: UnsafeMutableRawPointer { bytes.baseAddress.unsafelyUnwrapped }

  /// The first bytes of what was reserved last.
  public func content(byteCount: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: bytes[..<byteCount])
  }

  /// Memory that was planned for: the process ends, in words, if the system has not that much.
  @discardableResult
  public func reserve(byteCount: Int) -> UnsafeMutableRawBufferPointer {
    if byteCount > bytes.count {
      Pages.free(bytes)
      bytes = Pages.take(byteCount: Self.grownByteCount(byteCount))
    }
    return UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  /// The same for `count` values.
  @inlinable
  public func reserve<T: BitwiseCopyable>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
    let memory = UnsafeMutableRawPointer(reserve(byteCount: count * MemoryLayout<T>.stride).baseAddress.unsafelyUnwrapped)
    return memory.assumingMemoryBound(to: type)
  }

  /// Memory of a size that a file may have named: nil if the system has not that much.
  public func reserveIfPossible(byteCount: Int) -> UnsafeMutableRawBufferPointer? {
    if byteCount > bytes.count {
      // what was there goes first: both at once may be more than there is
      Pages.free(bytes)
      guard byteCount < 1 << 60, let memory = Pages.allocate(byteCount: Self.grownByteCount(byteCount)) else {
        bytes = Pages.take(byteCount: 64)
        return nil
      }
      bytes = memory
    }
    return UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  /// Large memory comes in steps, so that sizes that vary a little do not allocate again. What is not touched of it costs
  /// nothing.
  private static func grownByteCount(_ byteCount: Int) -> Int {
    let step = 65_536
    return byteCount < step || byteCount >= 1 << 60 ? byteCount : (byteCount + step - 1) / step * step
  }
}
