import Diagnostics
import Files
import Foundation
import Store
import TestSupport
import Testing
import Zarr

/// Arrays that lie in a store without folders are read as those on a disk are.
@Suite struct StoredArrayTests {
  /// A store with the files of a folder.
  private func stored(_ folder: String) throws -> MemoryStore {
    let store = MemoryStore(pageLength: 5)
    try Place(folder).list(isDeep: true) { entry in
      let bytes = try? fileBytes("\(folder)/\(entry.name)")
      _ = try? store.put("array/" + entry.name, bytes ?? [], if: .always)
      return true
    }
    return store
  }

  @Test(arguments: ["v2_raw", "v2_dot", "v2_missing_fill_7", "v3_default", "v3_shard_missing_inner", "v3_shard_start"])
  func fixturesAreRead(_ name: String) throws {
    let folder = fixture(name)
    let store = try stored(folder)
    let (array, onDisk) = (try ZarrArray.open(Place("array", in: store)), try ZarrArray.open(folder))
    #expect(array.codecSummary == onDisk.codecSummary && array.path == store.address(of: "array"))
    let (voxels, voxelsOnDisk) = (try readAll(array), try readAll(onDisk))
    #expect(voxels == voxelsOnDisk)
    for box in [array.chunkGrid.map { 0..<$0 }] + positions(array.chunkGrid).map({ $0.map { $0..<$0 + 1 } }) {
      let (isAny, isAnyOnDisk) = (try array.anyStored(in: box), try onDisk.anyStored(in: box))
      #expect(isAny == isAnyOnDisk)
    }
  }

  @Test func anArrayThatIsGoneIsMissed() throws {
    let store = try stored(fixture("v2_raw"))
    let array = try ZarrArray.open(Place("array", in: store))
    #expect(try store.removeAll("array"))
    let index = array.shape.map { _ in 0 }
    #expect(zarrError { _ = try readChunk(array, index) } == .arrayMissing(path: array.path))
    #expect(zarrError { _ = try array.anyStored(in: array.chunkGrid.map { 0..<$0 }) } == .arrayMissing(path: array.path))
  }

  @Test func whatAStoreFailsAtIsToldWithItsAddress() throws {
    let store = try stored(fixture("v2_raw"))
    let faulty = FaultyStore(store) { step, key in step == .read && key.hasSuffix("0") ? EIO : nil }
    let array = try ZarrArray.open(Place("array", in: faulty))
    let error = zarrError { _ = try readChunk(array, array.shape.map { _ in 0 }) }
    #expect(error?.code.rawValue == "io-failed" && error?.isTransient == true)
    #expect(error?.description.contains(store.root + "/array/") == true)
  }

  @Test func aChunkCostsOneRequestAndTheArrayTwo() throws {
    let counting = CountingStore(try stored(fixture("v2_raw")))
    let array = try ZarrArray.open(Place("array", in: counting))
    let opening = counting.counts
    _ = try readChunk(array, array.shape.map { _ in 0 })
    #expect(counting.counts[.open] == (opening[.open] ?? 0) + 1)
    #expect(counting.counts[.read] == (opening[.read] ?? 0) + 1)
    #expect(counting.counts[.look] == nil && counting.counts[.list] == nil)
  }
}
