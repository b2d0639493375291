import Foundation

/// Memory for voxels and encoded chunks, from the system and back to it.
///
/// What is large comes in whole pages straight from the system, which has them back the moment they are freed, so that
/// a process holds what it was planned to hold; in large pages where the system offers them (Linux, transparent huge
/// pages), since memory that is filled for the first time then costs fewer faults.
public enum Pages {
  /// From here on, memory is mapped.
  static let mappedByteCount = 1 << 20
  /// The size of a large page of x86-64 and, with pages of 4 KiB, of arm64.
  private static let largePageByteCount = 2 << 20

  /// Aligned to 64 bytes at least; nil where there is no memory. Freed by `free`, with the same count.
  public static func allocate(byteCount: Int) -> UnsafeMutableRawBufferPointer? {
    guard byteCount >= mappedByteCount else {
      var memory: UnsafeMutableRawPointer?
      guard posix_memalign(&memory, 64, max(byteCount, 64)) == 0, let memory else { return nil }
      return UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    }
    // no address space has so much
    guard byteCount < 1 << 60 else { return nil }
    // more than is needed, so that what is kept can begin at a large page
    let kept = mappedLength(byteCount)
    let length = kept + largePageByteCount
    guard let start = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | anonymous, -1, 0), start != MAP_FAILED
    else { return nil }
    let skipped = (largePageByteCount - Int(bitPattern: start) % largePageByteCount) % largePageByteCount
    if skipped > 0 { munmap(start, skipped) }
    let memory = start + skipped
    let rest = length - skipped - kept
    if rest > 0 { munmap(memory + kept, rest) }
    #if os(Linux)
      // only ever a gain: where the system knows no such pages, nothing is lost
      madvise(memory, kept, MADV_HUGEPAGE)
    #endif
    return UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
  }

  /// The same for what was planned for and checked against the limits. A system that has not even that is out of
  /// memory, as when the smallest allocation fails: the process ends, in words.
  public static func take(byteCount: Int) -> UnsafeMutableRawBufferPointer {
    if let bytes = allocate(byteCount: byteCount) { return bytes }
    // whoever set such a limit knows it by this name
    var limits = rlimit()
    let isBound = getrlimit(addressSpace, &limits) == 0 && limits.rlim_cur < 1 << 50
    let words =
      "blockfuse: error: the system has no memory left for a buffer of \(byteCount) bytes\nblockfuse: hint: run again with fewer "
      + "--workers or less --memory\(isBound ? ", or raise the limit of the address space (`ulimit -v`)" : ""); finished blocks are kept\n"
    FileHandle.standardError.write(Data(words.utf8))
    // other threads may be in the midst of anything; nothing is lost but the blocks in hand, as when the process is killed
    _exit(1)
  }

  #if canImport(Glibc)
    private static let addressSpace = __rlimit_resource_t(RLIMIT_AS.rawValue)
  #else
    private static let addressSpace = RLIMIT_AS
  #endif

  /// Gives back what `allocate` gave, whole.
  public static func free(_ memory: UnsafeMutableRawBufferPointer) {
    guard let start = memory.baseAddress else { return }
    if memory.count >= mappedByteCount {
      munmap(start, mappedLength(memory.count))
    } else {
      Foundation.free(start)
    }
  }

  private static func mappedLength(_ byteCount: Int) -> Int {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    return (byteCount + page - 1) / page * page
  }

  private static var anonymous: Int32 {
    #if os(Linux)
      Int32(MAP_ANONYMOUS)
    #else
      Int32(MAP_ANON)
    #endif
  }
}
