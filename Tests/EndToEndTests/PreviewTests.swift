import Foundation
import Geometry
import JobStore
import JSON
import Testing
import Zarr

/// `preview` on jobs in every state.
@Suite struct PreviewTests {
  private func submitted(_ arguments: String...) throws -> TestFolder {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "20,60,220", "--chunk", "20,60,55", "--noise", "0")
    let end = try RunningProcess(
      "blockfuse", ["submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16"] + arguments, folder: folder.path
    ).wait()
    try #require(end.status == 0, "\(end.errors)")
    return folder
  }

  private func preview(_ folder: TestFolder, _ arguments: String...) throws -> JSONValue {
    let end = try RunningProcess(
      "blockfuse", ["preview", "--output", "p.png", "--json"] + arguments, folder: folder.path
    ).wait()
    try #require(end.status == 0, "\(end.errors)")
    let file = try Data(contentsOf: URL(fileURLWithPath: folder.file("p.png")))
    #expect(Array(file.prefix(4)) == [0x89, 0x50, 0x4e, 0x47])
    return try JSONValue.parse(end.output)
  }

  @Test func projectionsAreThoseOfTheVoxels() throws {
    let folder = try submitted()
    try #require(try folder.blockfuse("run", "--quiet").status == 0)
    let image = try ZarrArray.open(folder.file("out.ome.zarr/1"))
    let bytes = try voxels(folder.file("out.ome.zarr/1"))
    let (nz, ny, nx) = (image.shape[2], image.shape[3], image.shape[4])
    let values: [Int] = bytes.withUnsafeBytes { $0.bindMemory(to: UInt16.self).map(Int.init) }
    for (axis, expected) in [("z", (ny, nx)), ("y", (nz, nx)), ("x", (nz, ny))] {
      let document = try preview(folder, "--axis", axis, "--level", "1")
      #expect(document["notes"] == .array([]))
      #expect(document["level"]?.int == 1)
      // brightest where the volume is brightest: the upper end of the contrast is a value of the projection
      var plane = [Int](repeating: 0, count: expected.0 * expected.1)
      for z in 0..<nz {
        for y in 0..<ny {
          for x in 0..<nx {
            let i = axis == "z" ? y * nx + x : axis == "y" ? z * nx + x : z * ny + y
            plane[i] = max(plane[i], values[(z * ny + y) * nx + x])
          }
        }
      }
      let known = plane.filter { $0 != 0 }.sorted()
      let channel = document["channels"]?.array?.first
      #expect(channel?["high"]?.double == Double(known[min(known.count - 1, Int(0.998 * Double(known.count)))]))
      #expect(channel?["low"]?.double == Double(known[Int(0.01 * Double(known.count))]))
    }
  }

  @Test func worksWhileTheJobIsPartlyDone() throws {
    let folder = try submitted()
    let before = try preview(folder)
    #expect(before["notes"]?.array?.first?.string?.contains("nothing is fused yet") == true)
    try #require(try folder.blockfuse("run", "--limit", "10", "--quiet").status == 0)
    let partly = try preview(folder)
    #expect(partly["level"]?.int == 0)
    #expect(partly["notes"]?.array?.first?.string?.contains("what is missing is black") == true)
    try #require(try folder.blockfuse("run", "--quiet").status == 0)
    #expect(try preview(folder)["notes"] == .array([]))
    // recorded done, and gone
    let store = try folder.database
    let level = try #require(try preview(folder)["level"]?.int)
    var cursor = try store.blocks(of: 1, BlockFilter(level: Int(level), state: .done))
    let block = try #require(try cursor.next()).block
    let array = try ZarrArray.open(folder.file("out.ome.zarr/\(block.level)"))
    try FileManager.default.removeItem(atPath: array.path + "/" + array.blockFile(block.position.array))
    let damaged = try preview(folder)
    #expect(damaged["notes"]?.array?.first?.string?.contains("cannot be read") == true)
  }

  @Test func shardsAndPlainArraysAndPlanes() throws {
    let sharded = try submitted("--ngff-version", "0.5", "--shards", "z=16,y=32,x=32")
    try #require(try sharded.blockfuse("run", "--quiet").status == 0)
    #expect(try preview(sharded, "--level", "0")["notes"] == .array([]))
    let plain = try submitted("--ome-zarr", "false")
    try #require(try plain.blockfuse("run", "--quiet").status == 0)
    #expect(try preview(plain, "--axis", "x")["notes"] == .array([]))
  }

  @Test func whatCannotBeShownIsSaid() throws {
    let folder = try submitted()
    #expect(try folder.blockfuse("preview", "--output", "p.png", "--axis", "t").status == 64)
    #expect(try folder.blockfuse("preview", "--output", "p.png", "--level", "9").status == 64)
    #expect(try folder.blockfuse("preview", "--output", "p.png", "--level", "fine").status == 64)
    #expect(try folder.blockfuse("preview", "--output", "p.png", "--timepoint", "1").status == 64)
    #expect(try folder.blockfuse("preview", "2", "--output", "p.png").status == 10)
    #expect(!FileManager.default.fileExists(atPath: folder.file("p.png")))
    try FileManager.default.removeItem(atPath: folder.file("out.ome.zarr"))
    #expect(try folder.blockfuse("preview", "--output", "p.png").status == 4)
  }
}
