/// Memory that grows and stays; owned by one fuser, on one thread.
final class ScratchBuffer {
  private(set) var base: UnsafeMutableRawPointer
  private(set) var byteCount: Int

  private static let alignment = 64

  init() {
    base = .allocate(byteCount: Self.alignment, alignment: Self.alignment)
    byteCount = Self.alignment
    base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  }

  deinit { base.deallocate() }

  /// At least `count` bytes, whatever they hold.
  func reserve(byteCount count: Int) {
    if count <= byteCount { return }
    base.deallocate()
    base = .allocate(byteCount: count, alignment: Self.alignment)
    byteCount = count
  }

  func reserve<T: BitwiseCopyable>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
    reserve(byteCount: count * MemoryLayout<T>.stride)
    return base.assumingMemoryBound(to: type)
  }
}
