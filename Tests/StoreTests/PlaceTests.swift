import Files
import Store
import TestSupport
import Testing

@Suite struct PlaceTests {
  @Test func addressesLeadToTheirStores() throws {
    let store = MemoryStore()
    KnownStores.add(store, root: store.root)
    defer { KnownStores.remove(root: store.root) }
    let place = Place("\(store.root)/a/b")
    #expect(place.key == "a/b" && place.store === store && place.address == "\(store.root)/a/b" && place.filePath == nil)
    #expect(Place(store.root).key == "" && (Place(store.root) / "x").key == "x")
    // what no store calls its own is a path
    for path in ["/tmp/x", "relative", "memory://other/x", "s3://bucket/key"] {
      #expect(Place(path).address == path && Place(path).filePath == path)
    }
    #expect((Place("/a") / "b" / "").address == "/a/b")
    #expect(KnownStores.absolute("../c/./d", in: "\(store.root)/a/b") == "\(store.root)/a/c/d")
    #expect(KnownStores.absolute("../../../c", in: "\(store.root)/a") == "\(store.root)/c")
    #expect(KnownStores.absolute("/c/d", in: "\(store.root)/a/b") == "/c/d")
    #expect(KnownStores.absolute("\(store.root)/q", in: "/a") == "\(store.root)/q")
    #expect(KnownStores.absolute("b/../c", in: "/a") == "/a/c")
  }

  @Test func wrappersSeeEachStep() throws {
    let counting = CountingStore(MemoryStore())
    let place = Place("x", in: counting)
    try place.put([1, 2, 3])
    _ = try place.bytes(limit: 10)
    _ = try place.open()
    #expect(counting.counts == [.put: 1, .open: 2])
    let faulty = FaultyStore(MemoryStore()) { step, key in step == .append && key == "bad" ? 5 : nil }
    #expect(throws: StorageError.io(step: .write, path: faulty.address(of: "bad"), errno: 5)) {
      try faulty.writer("bad", tag: "t").append([1])
    }
    let writer = try faulty.writer("good", tag: "t")
    try writer.append([1])
    try faulty.pay(try writer.finish())
    #expect(try Place("good", in: faulty).bytes(limit: 10) == [1])
  }
}
