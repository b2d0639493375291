import Foundation
import Jobs
import Synchronization
import Testing

@Suite struct ChunkCacheTests {
  private func key(_ chunk: Int, source: Int = 0) -> ChunkCache.Key { ChunkCache.Key(source: source, chunk: chunk) }

  /// The first byte of a chunk, and whether it had to be loaded.
  private func read(_ cache: ChunkCache, _ key: ChunkCache.Key, byteCount: Int = 1000) -> (value: UInt8?, wasLoaded: Bool) {
    var wasLoaded = false
    let content = cache.content(key, byteCount: byteCount) { bytes in
      wasLoaded = true
      bytes.initializeMemory(as: UInt8.self, repeating: UInt8(key.chunk))
      return true
    }
    if case .voxels(let chunk) = content { return (chunk.bytes[0], wasLoaded) }
    return (nil, wasLoaded)
  }

  @Test func theLeastRecentlyUsedGoesFirst() {
    let cache = ChunkCache(byteLimit: 3000)
    for chunk in 1...3 { #expect(read(cache, key(chunk)) == (UInt8(chunk), true)) }
    #expect(read(cache, key(1)) == (1, false))
    #expect(read(cache, key(4)) == (4, true))
    #expect(read(cache, key(1)) == (1, false))
    #expect(read(cache, key(2)) == (2, true))
  }

  @Test func missingChunksAreRememberedAndCostNothing() {
    let cache = ChunkCache(byteLimit: 1000)
    var looked = 0
    for _ in 0..<3 {
      for chunk in 0..<10 {
        let content = cache.content(key(chunk), byteCount: 1000) { _ in
          looked += 1
          return false
        }
        guard case .constant = content else { return #expect(Bool(false)) }
      }
    }
    #expect(looked == 10)
  }

  /// What was made is kept only where there is room, goes before what was read, and stays for the next level.
  @Test func whatIsOfferedTakesOnlyRoomThatIsFree() {
    let cache = ChunkCache(byteLimit: 3000)
    let made = [UInt8](repeating: 9, count: 1000)
    func offer(_ chunk: Int) { made.withUnsafeBytes { cache.offer(key(chunk, source: -1), $0) } }
    #expect(read(cache, key(1)).wasLoaded)
    offer(1)
    offer(2)
    offer(3)
    #expect(read(cache, key(1, source: -1)) == (9, false))
    #expect(read(cache, key(3, source: -1)) == (3, true))
    // that pushed out the one that was offered and not looked at since
    #expect(read(cache, key(1)) == (1, false))
    #expect(read(cache, key(1, source: -1)) == (9, false))
    cache.removeAll(but: -1)
    #expect(read(cache, key(1, source: -1)) == (9, false))
    #expect(read(cache, key(1)) == (1, true))
  }

  @Test func whoWaitsDoesSomethingElseFirst() {
    let cache = ChunkCache(byteLimit: 100_000)
    let isLoading = Mutex(false)
    let mayEnd = Mutex(false)
    let hasEnded = DispatchSemaphore(value: 0)
    let slow = Thread { [self] in
      _ = cache.content(key(1), byteCount: 1000) { bytes in
        isLoading.withLock { $0 = true }
        while !mayEnd.withLock({ $0 }) {}
        bytes.initializeMemory(as: UInt8.self, repeating: 5)
        return true
      }
      hasEnded.signal()
    }
    slow.start()
    while !isLoading.withLock({ $0 }) {}
    var others = 0
    let content = cache.content(
      key(1), byteCount: 1000,
      meanwhile: {
        guard others < 3 else { return false }
        others += 1
        let fetched = cache.fetch(key(1 + others), byteCount: 1000) { bytes in
          bytes.initializeMemory(as: UInt8.self, repeating: UInt8(others))
          return true
        }
        if others == 3 { mayEnd.withLock { $0 = true } }
        return fetched
      },
      load: { _ in
        #expect(Bool(false), "it is loaded twice")
        return true
      })
    hasEnded.wait()
    guard case .voxels(let chunk) = content else { return #expect(Bool(false)) }
    #expect(chunk.bytes[999] == 5)
    #expect(others == 3)
    #expect(read(cache, key(3)) == (2, false))
  }

  @Test func nothingIsFetchedAheadIntoASmallCache() {
    let cache = ChunkCache(byteLimit: 15_000)
    #expect(!cache.fetch(key(1), byteCount: 1000) { _ in true })
    #expect(read(cache, key(1)).wasLoaded)
  }

  @Test func anErrorLeavesNothingBehind() {
    struct Damaged: Error {}
    let cache = ChunkCache(byteLimit: 20_000)
    #expect(throws: Damaged.self) {
      try cache.content(key(1), byteCount: 1000) { _ throws(Damaged) in throw Damaged() }
    }
    #expect(throws: Damaged.self) { try cache.fetch(key(1), byteCount: 1000) { _ throws(Damaged) in throw Damaged() } }
    #expect(read(cache, key(1)) == (1, true))
  }
}
