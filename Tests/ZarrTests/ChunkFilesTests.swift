import Geometry
import Testing
import Zarr

@Suite struct ChunkFilesTests {
  @Test(arguments: ["v2_raw", "v2_dot", "v3_default", "v3_shard_start"])
  func theFoldersOfAChunkAreThoseOfItsFile(_ name: String) throws {
    let array = try ZarrArray.open(fixture(name))
    let files = try #require(array.chunkFiles)
    let all = Set(files.folders(limit: .max))
    var used: Set<String> = []
    for index in positions(array.chunkGrid) {
      let folders = files.folders(ofChunk: index)
      let file = array.blockFile(zip(index, array.chunksPerBlock).map { $0 / $1 })
      let parts = file.split(separator: "/").dropLast()
      #expect(folders == parts.indices.reversed().map { parts[...$0].joined(separator: "/") } + ["."])
      used.formUnion(folders)
    }
    #expect(used == all)
  }

  @Test func ofEachDepthAreAllOrNone() throws {
    let files = try #require(try ZarrArray.open(fixture("v3_default")).chunkFiles)
    let all = files.folders(limit: .max)
    #expect(all.first == "." && all.dropFirst().first == "c")
    for limit in 1...all.count {
      let some = files.folders(limit: limit)
      #expect(some == Array(all.prefix(some.count)) && (some.count <= limit || some == [".", "c"]))
      func depth(_ folder: String) -> Int { folder.split(separator: "/").count }
      if let next = all.dropFirst(some.count).first, let last = some.last { #expect(depth(next) > depth(last)) }
    }
  }

  @Test func aFolderThatIsNotThereHasNoTime() throws {
    let files = try #require(try ZarrArray.open(fixture("v2_raw")).chunkFiles)
    #expect(try files.time(ofFolder: ".") != nil)
    #expect(try files.time(ofFolder: "99") == nil)
    #expect(try files.time(ofFolder: ".zarray") == nil, "a file is no folder")
    #expect(try files.time(ofFolder: ".zarray/0") == nil)
  }
}
