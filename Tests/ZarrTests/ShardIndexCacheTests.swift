import Files
import Store
import Testing
import Zarr

@Suite struct ShardIndexCacheTests {
  private func index(_ byteCount: Int) -> ShardIndex {
    [UInt8](repeating: 1, count: byteCount).withUnsafeBytes { ShardIndex($0) }
  }

  private let version = ObjectVersion.file(FileVersion(byteCount: 1, modificationTime: 2, inode: 3))

  @Test func keepsTheRecentWithinItsLimit() {
    let cache = ShardIndexCache(maximumByteCount: 1600)
    for i in 0..<16 { cache.insert(index(96), path: "\(i)", version: version) }
    #expect(cache.index("0", version: version) != nil)
    // over the limit: the oldest go, which are 1 and up since 0 was just used
    cache.insert(index(96), path: "16", version: version)
    #expect(cache.index("0", version: version) != nil && cache.index("16", version: version) != nil)
    #expect(cache.index("1", version: version) == nil && cache.index("15", version: version) != nil)
    #expect(cache.byteCount <= 1200)
  }

  @Test func replacesAndDistinguishesStates() {
    let cache = ShardIndexCache(maximumByteCount: 1600)
    cache.insert(index(96), path: "a", version: version)
    let other = ObjectVersion.file(FileVersion(byteCount: 1, modificationTime: 3, inode: 3))
    #expect(cache.index("a", version: other) == nil)
    cache.insert(index(48), path: "a", version: other)
    #expect(cache.index("a", version: other) != nil && cache.index("a", version: version) == nil)
    #expect(cache.byteCount == 48)
    // too large to be worth it
    cache.insert(index(1216), path: "b", version: version)
    #expect(cache.index("b", version: version) == nil)
  }
}
