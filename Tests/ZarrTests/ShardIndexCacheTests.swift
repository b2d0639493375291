import Testing
import Zarr

@Suite struct ShardIndexCacheTests {
  private func index(_ byteCount: Int) -> ShardIndex {
    [UInt8](repeating: 1, count: byteCount).withUnsafeBytes { ShardIndex($0) }
  }

  private let stamp = ShardIndexCache.Stamp(byteCount: 1, modificationTime: 2, inode: 3)

  @Test func keepsTheRecentWithinItsLimit() {
    let cache = ShardIndexCache(maximumByteCount: 1600)
    for i in 0..<16 { cache.insert(index(96), path: "\(i)", stamp: stamp) }
    #expect(cache.index("0", stamp: stamp) != nil)
    // over the limit: the oldest go, which are 1 and up since 0 was just used
    cache.insert(index(96), path: "16", stamp: stamp)
    #expect(cache.index("0", stamp: stamp) != nil && cache.index("16", stamp: stamp) != nil)
    #expect(cache.index("1", stamp: stamp) == nil && cache.index("15", stamp: stamp) != nil)
    #expect(cache.byteCount <= 1200)
  }

  @Test func replacesAndDistinguishesStates() {
    let cache = ShardIndexCache(maximumByteCount: 1600)
    cache.insert(index(96), path: "a", stamp: stamp)
    var other = stamp
    other.modificationTime += 1
    #expect(cache.index("a", stamp: other) == nil)
    cache.insert(index(48), path: "a", stamp: other)
    #expect(cache.index("a", stamp: other) != nil && cache.index("a", stamp: stamp) == nil)
    #expect(cache.byteCount == 48)
    // too large to be worth it
    cache.insert(index(1216), path: "b", stamp: stamp)
    #expect(cache.index("b", stamp: stamp) == nil)
  }
}
