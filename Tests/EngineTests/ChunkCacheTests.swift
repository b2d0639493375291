import Engine
import Foundation
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

  /// Chunks read ahead, as those that are lent, are beyond what is needed now: only where they are few of those that fit.
  @Test(arguments: [(16_000, true), (15_999, false)])
  func chunksAreReadAheadWhereManyFit(byteLimit: Int, isFetched: Bool) {
    let cache = ChunkCache(byteLimit: byteLimit)
    let wasFetched = cache.fetch(key(1), byteCount: 1000) { bytes in
      bytes.initializeMemory(as: UInt8.self, repeating: 1)
      return true
    }
    #expect(wasFetched == isFetched)
    #expect(read(cache, key(1)) == (1, !isFetched))
  }

  /// What was made is kept only where there is room, goes before what was read, and stays for the next level.
  @Test func whatIsOfferedTakesOnlyRoomThatIsFree() {
    let cache = ChunkCache(byteLimit: 3000)
    func offer(_ chunk: Int) {
      cache.offer(key(chunk, source: -1), byteCount: 1000) { $0.initializeMemory(as: UInt8.self, repeating: 9) }
    }
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

  @Test func whatIsOfferedIsTakenOnce() {
    let cache = ChunkCache(byteLimit: 1000)
    struct Broken: Error {}
    #expect(throws: Broken.self) { try cache.offer(key(1), byteCount: 1000) { _ in throw Broken() } }
    #expect(cache.take(key(1)) == nil)
    cache.offer(key(1), byteCount: 1000) { $0.initializeMemory(as: UInt8.self, repeating: 9) }
    #expect(cache.take(key(1))?.bytes[999] == 9)
    #expect(cache.take(key(1)) == nil)
    // its room is free again
    cache.offer(key(2), byteCount: 1000) { $0.initializeMemory(as: UInt8.self, repeating: 8) }
    #expect(cache.take(key(2))?.bytes[0] == 8)
  }

  @Test func aChunkGoesWhenAllHaveReadIt() {
    let cache = ChunkCache(byteLimit: 10_000)
    var loads = 0
    func read(readerCount: Int?) {
      _ = cache.content(key(1), byteCount: 1000, readerCount: { readerCount }) { _ in
        loads += 1
        return true
      }
    }
    for _ in 0..<2 {
      read(readerCount: 2)
      cache.finished(key(1))
      read(readerCount: 2)
      cache.finished(key(1))
    }
    #expect(loads == 2)
    for _ in 0..<5 {
      read(readerCount: nil)
      cache.finished(key(1))
    }
    #expect(loads == 3)
    // a chunk that is not there has no readers
    cache.finished(key(7))
  }

  @Test func aChunkTakesTheMemoryOfOneThatWent() {
    let cache = ChunkCache(byteLimit: 10_000)
    func address(_ chunk: Int) -> UnsafeMutableRawPointer? {
      let content = cache.content(key(chunk), byteCount: 1000, readerCount: { 1 }) { _ in true }
      if case .voxels(let buffer) = content { return buffer.bytes.baseAddress }
      return nil
    }
    let first = address(1)
    #expect(address(2) != first)
    cache.finished(key(1))
    #expect(address(3) == first)
  }

  @Test func whoWaitsDoesSomethingElseFirst() {
    let cache = ChunkCache(byteLimit: 100_000)
    let isLoading = DispatchSemaphore(value: 0)
    let mayEnd = DispatchSemaphore(value: 0)
    let hasEnded = DispatchSemaphore(value: 0)
    let slow = Thread { [self] in
      _ = cache.content(key(1), byteCount: 1000) { bytes in
        isLoading.signal()
        mayEnd.wait()
        bytes.initializeMemory(as: UInt8.self, repeating: 5)
        return true
      }
      hasEnded.signal()
    }
    slow.start()
    isLoading.wait()
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
        if others == 3 { mayEnd.signal() }
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
