import Files
import Foundation
import Store
import TestSupport
import Testing
import Threads

/// What every store promises, asked of each that there is.
@Suite struct StoreContractTests {
  /// A store with the key below which a test may do what it likes.
  enum Kind: CaseIterable, Sendable {
    case files, filesForWriting, filesHeld, memory, counted, faultless

    func with(_ body: (Place) throws -> Void) throws {
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      let local = Place(folder.path, in: FileStore.local)
      let place =
        switch self {
        case .files: local
        case .filesForWriting: local.forWriting
        case .filesHeld: try local.held()
        case .memory: Place("a/test", in: MemoryStore(pageLength: 7))
        case .counted: Place("test", in: CountingStore(MemoryStore()))
        case .faultless: Place(folder.path, in: FaultyStore(FileStore.local) { _, _ in nil })
        }
      try body(place)
    }
  }

  @Test(arguments: Kind.allCases) func readsWholesRangesAndEnds(_ kind: Kind) throws {
    try kind.with { place in
      let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
      try (place / "a/b/object").put(bytes)
      let object = try #require(try (place / "a/b/object").open())
      #expect(object.byteCount == bytes.count)
      #expect(try object.readWhole() == bytes)
      #expect(try read(object, at: 0, 10) == Array(bytes[..<10]))
      #expect(try read(object, at: 99_990, 10) == Array(bytes[99_990...]))
      // beyond the end there is nothing
      #expect(try read(object, at: 99_995, 10) == Array(bytes[99_995...]))
      #expect(try read(object, at: 100_000, 10) == [])
      #expect(try read(object, at: 200_000, 10) == [])
      #expect(try read(object, at: 5, 0) == [])
      #expect(try readLast(object, 16) == Array(bytes.suffix(16)))
      #expect(try readLast(object, 100_016) == bytes)
      try (place / "empty").put([])
      let empty = try #require(try (place / "empty").open())
      #expect(empty.byteCount == 0)
      #expect(try empty.readWhole() == [])
      #expect(try readLast(empty, 4) == [])
    }
  }

  @Test(arguments: Kind.allCases) func whatIsNotThereIsNil(_ kind: Kind) throws {
    try kind.with { place in
      for missing in [place / "none", place / "none/below"] {
        let (object, info) = (try missing.open(), try missing.look())
        #expect(object == nil && info == nil)
      }
      #expect(!(place / "none").isFolder && !(place / "none").isThere && !(place / "none").isObject)
      #expect(try (place / "none").bytes(limit: 10) == nil)
      let debt = try (place / "none").remove()
      #expect(debt == nil)
      #expect(try names(place / "none") == [])
      #expect(try names(place / "none", isDeep: true) == [])
    }
  }

  @Test(arguments: Kind.allCases) func aFoldersNameIsNoObject(_ kind: Kind) throws {
    try kind.with { place in
      try (place / "folder/object").put([1])
      #expect((place / "folder").isFolder && (place / "folder").isThere && !(place / "folder").isObject)
      #expect(!(place / "folder/object").isFolder && (place / "folder/object").isObject)
      let opened = (try? (place / "folder").open()) ?? nil
      #expect(opened == nil)
    }
  }

  @Test(arguments: Kind.allCases) func aWriterShowsNothingBeforeItIsFinished(_ kind: Kind) throws {
    try kind.with { place in
      let target = place / "a/object"
      let part = [UInt8](repeating: 7, count: 3 << 20)
      let writer = try place.store.writer(target.key, tag: "t")
      try writer.append(part)
      try writer.append([1, 2])
      let early = try target.open()
      #expect(early == nil)
      #expect(try names(place, isDeep: true).filter { !$0.hasSuffix(".tmp") } == [])
      try place.store.pay(try writer.finish())
      #expect(try target.bytes(limit: 4 << 20) == part + [1, 2])
      #expect(try names(place, isDeep: true) == ["a/object"])
      // replaced as a whole; who has the old one open reads the old one
      let old = try #require(try target.open())
      let second = try place.store.writer(target.key, tag: "t")
      try second.append([9])
      #expect(try target.bytes(limit: 4 << 20) == part + [1, 2])
      try place.store.pay(try second.finish())
      #expect(try target.bytes(limit: 10) == [9])
      #expect(try old.readWhole() == part + [1, 2])
    }
  }

  @Test(arguments: Kind.allCases) func discardedAndForgottenWritersLeaveNothing(_ kind: Kind) throws {
    try kind.with { place in
      try (place / "a/object").put([1])
      let writer = try place.store.writer((place / "a/object").key, tag: "t")
      try writer.append([2])
      writer.discard()
      do {
        let forgotten = try place.store.writer((place / "a/other").key, tag: "t")
        try forgotten.append([3])
      }
      #expect(try names(place, isDeep: true) == ["a/object"])
      #expect(try (place / "a/object").bytes(limit: 10) == [1])
    }
  }

  @Test(arguments: Kind.allCases) func putsUnderConditions(_ kind: Kind) throws {
    try kind.with { place in
      let target = place / "a/object"
      let first = try #require(try target.put([1], if: .absent))
      #expect(try target.put([2], if: .absent) == nil)
      #expect(try target.bytes(limit: 10) == [1])
      #expect(try target.look()?.version == first)
      let second = try #require(try target.put([3], if: .version(first)))
      #expect(try target.put([4], if: .version(first)) == nil)
      #expect(try target.bytes(limit: 10) == [3])
      #expect(try target.open()?.version == second)
      #expect(try (place / "a/none").put([1], if: .version(first)) == nil)
      try target.remove()
      #expect(try target.put([5], if: .version(second)) == nil)
      #expect(try target.put([6], if: .absent) != nil)
      #expect(try names(place, isDeep: true) == ["a/object"])
    }
  }

  @Test(arguments: Kind.allCases) func oneOfSeveralWins(_ kind: Kind) throws {
    try kind.with { place in
      for round in 0..<20 {
        let target = place / "race/\(round)"
        let won = parallelMap(count: 8, threads: 8) { i in (try? target.put([UInt8(i)], if: .absent)) ?? nil != nil }
        #expect(won.filter { $0 }.count == 1)
        #expect(try target.bytes(limit: 10) == [UInt8(won.firstIndex(of: true) ?? 99)])
        let version = try #require(try target.look()).version
        let replaced = parallelMap(count: 8, threads: 8) { i in
          (try? target.put([UInt8(100 + i)], if: .version(version))) ?? nil != nil
        }
        #expect(replaced.filter { $0 }.count == 1)
        #expect(try target.bytes(limit: 10) == [UInt8(100 + (replaced.firstIndex(of: true) ?? 99))])
      }
    }
  }

  @Test(arguments: Kind.allCases) func listsByLevelAndInDepth(_ kind: Kind) throws {
    try kind.with { place in
      var all: [String] = []
      for i in 0..<40 { all.append("folder/\(i)") }
      all += ["folder/sub/x", "folder/sub/y/z", "folder-2", "other", "zz/1"]
      for name in all { try (place / name).put([0]) }
      #expect(try names(place, isDeep: true) == all.sorted())
      #expect(try names(place) == ["folder", "folder-2", "other", "zz"])
      #expect(try names(place / "folder").count == 41)
      #expect(try names(place / "folder", isDeep: true).count == 42)
      #expect(Set(try place.entries().filter(\.isFolder).map(\.name)) == ["folder", "zz"])
      // by whole names: "folder-2" does not lie below "folder"
      #expect(try names(place / "folder/sub", isDeep: true) == ["x", "y/z"])
      var some: [String] = []
      try (place / "folder").list { entry in
        some.append(entry.name)
        return some.count < 20
      }
      #expect(some.count == 20)
      if place.store.abilities.contains(.listsInOrder) { #expect(some == some.sorted()) }
      #expect(try (place / "folder").removeAll())
      let isRemovedAgain = try (place / "folder").removeAll()
      #expect(!isRemovedAgain)
      #expect(try names(place, isDeep: true) == ["folder-2", "other", "zz/1"])
    }
  }

  @Test(arguments: Kind.allCases) func keysMayHaveOddCharacters(_ kind: Kind) throws {
    try kind.with { place in
      let odd = [
        "a space", "pl+us", "at@x", "日本/ü", "per%20cent", "(x)*'!~", "a:b,c$;e", "q?x=1&y#z", "back\\slash", "\u{65}\u{301}",
        ".hidden", "...",
      ]
      for (i, name) in odd.enumerated() { try (place / name).put([UInt8(i)]) }
      for (i, name) in odd.enumerated() {
        #expect(try (place / name).bytes(limit: 10) == [UInt8(i)], "\(name)")
        #expect(Place((place / name).address, in: place.store).address.hasSuffix(name))
      }
      #expect(Set(try names(place, isDeep: true)) == Set(odd))
      for name in odd {
        let debt = try (place / name).remove()
        #expect(debt != nil, "\(name)")
      }
      #expect(try names(place, isDeep: true) == [])
    }
  }

  @Test(arguments: Kind.allCases) func versionsTellContents(_ kind: Kind) throws {
    try kind.with { place in
      let target = place / "object"
      var seen: [ObjectVersion] = []
      for i in 0..<4 {
        try target.put([UInt8(i)])
        let version = try #require(try target.look()).version
        #expect(seen.last != version)
        #expect(try target.open()?.version == version)
        seen.append(version)
      }
      #expect(try target.look()?.byteCount == 1)
      #expect(abs(try #require(try target.look()).modifiedAt.timeIntervalSinceNow) < 60)
    }
  }

  @Test(arguments: Kind.allCases) func namesAreClaimedOnce(_ kind: Kind) throws {
    try kind.with { place in
      for round in 0..<10 {
        let name = place / "claims/order-\(round)"
        let won = parallelMap(count: 8, threads: 8) { _ in (try? name.store.claim(name.key)) == true }
        #expect(won.filter { $0 }.count == 1)
        #expect(name.isFolder)
      }
      let claimed = try names(place / "claims")
      #expect(claimed.count == 10)
    }
  }

  @Test(arguments: Kind.allCases) func objectsGrowWhereTheyCan(_ kind: Kind) throws {
    try kind.with { place in
      let target = place / "logs/1.log"
      guard place.store.abilities.contains(.appends) else {
        #expect(throws: StorageError.self) { try place.store.appender(target.key) }
        return
      }
      let appender = try #require(try place.store.appender(target.key))
      try appender.append([1, 2])
      try appender.sync()
      #expect(try target.bytes(limit: 10) == [1, 2])
      try appender.append([3])
      #expect(try target.bytes(limit: 10) == [1, 2, 3])
      let second = try place.store.appender(target.key)
      #expect(second == nil)
    }
  }

  private func read(_ object: any StoredObject, at offset: Int, _ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xA5, count: count)
    let got = try bytes.withUnsafeMutableBytes { try object.read(at: offset, into: $0) }
    #expect(bytes[got...].allSatisfy { $0 == 0xA5 })
    return Array(bytes[..<got])
  }

  private func readLast(_ object: any StoredObject, _ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = try bytes.withUnsafeMutableBytes { try object.readLast(into: $0) }
    return Array(bytes[..<got])
  }

  private func names(_ place: Place, isDeep: Bool = false) throws -> [String] {
    var names: [String] = []
    do throws(StorageError) {
      try place.list(isDeep: isDeep) { entry in
        names.append(entry.name)
        return true
      }
    } catch {
      guard error.isMissing else { throw error }
    }
    return names.sorted()
  }
}
