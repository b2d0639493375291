import Foundation
import JobStore
import Testing

/// Where files that users name may not lie: in what holds an image, and in folders that are not there.
@Suite struct NamedPlaceTests {
  /// With job 1 of the mosaic, complete, and job 2 of its output.
  private func fused() throws -> TestFolder {
    let folder = try TestFolder(isInMemory: true)
    _ = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    try #require(try folder.blockfuse("fuse", "mosaic/dataset.json", "--output", "a.zarr", "--quiet").status == 0)
    try #require(try folder.blockfuse("fuse", "a.zarr", "--output", "b.zarr", "--quiet").status == 0)
    return folder
  }

  private static let commands = [
    "preview 1 --output", "report 1 --output", "plan mosaic/dataset.json --picture", "export-tiff 1 --output", "backup",
  ]

  @Test(arguments: commands) func notInAnImage(command: String) throws {
    let folder = try fused()
    let words = command.split(separator: " ").map(String.init)
    let n5 = folder.file("data.n5/setup0")
    try FileManager.default.createDirectory(atPath: n5, withIntermediateDirectories: true)
    try Data(#"{"n5": "2.5.0"}"#.utf8).write(to: URL(fileURLWithPath: folder.file("data.n5/attributes.json")))
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "b.zarr/0")
    try FileManager.default.createSymbolicLink(atPath: folder.file("file"), withDestinationPath: "b.zarr/new")
    let tile = "mosaic/tiles/tile_0_0.ome.zarr"
    for place in [
      "a.zarr/x", "b.zarr/x", "b.zarr/0/0/x", "b.zarr.blockfuse/x", "link/x", "file", "\(tile)/x", "\(tile)/0/x", "data.n5/x",
      "data.n5/setup0/x",
    ] {
      let end = try folder.blockfuse(words + [place], fault: "")
      #expect(end.status == 64 && end.errors.contains("\(place) would lie in"), "\(command) \(place): \(end.status) \(end.errors)")
      var status = stat()
      #expect(stat(folder.file(place), &status) != 0, "\(command) \(place)")
    }
    if !command.hasPrefix("plan") {
      let end = try folder.blockfuse(words + ["b.zarr/x"], fault: "")
      #expect(end.errors.contains("the output of job 2"), "\(end.errors)")
    }
    let end = try folder.blockfuse(words + ["mosaic/x"], fault: "")
    #expect(end.status == 0, "\(command): \(end.errors)")
  }

  @Test(arguments: commands + ["convert mosaic/dataset.json"]) func notWithoutAFolder(command: String) throws {
    let folder = try fused()
    try Data().write(to: URL(fileURLWithPath: folder.file("flat")))
    for (place, words) in [
      ("nowhere/x", "the folder \(folder.file("nowhere")) does not exist"), ("flat/x", "\(folder.file("flat")) is no folder"),
      ("nowhere/", "nowhere/ is the name of a folder"), ("mosaic", "mosaic is the name of a folder"),
    ] {
      let end = try folder.blockfuse(command.split(separator: " ").map(String.init) + [place], fault: "")
      #expect(end.status == 64 && end.errors.contains(words) && !end.errors.contains(".tmp"), "\(command) \(place): \(end.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("nowhere")))
  }

  /// A TIFF in the folder that is a dataset would be one of its images when it is fused again.
  @Test func noTIFFAmongTheImagesOfAFolder() throws {
    let folder = try fused()
    try #require(try folder.blockfuse("fuse", "mosaic/tiles", "--output", "c.zarr", "--quiet").status == 0)
    let end = try folder.blockfuse("export-tiff", "1", "--output", "mosaic/tiles/x.ome.tif")
    #expect(end.status == 64 && end.errors.contains("one more image of") && end.errors.contains("job 3"), "\(end.errors)")
    #expect(try folder.blockfuse("preview", "1", "--output", "mosaic/tiles/x.png").status == 0)
  }

  /// Nor does it replace an input of another job of the database.
  @Test func noInputOfAnotherJobIsReplaced() throws {
    let folder = try fused()
    try #require(try folder.blockfuse("export-tiff", "1", "--output", "in.tif").status == 0)
    try Data(#"{"views": [{"name": "v", "path": "in.tif", "spacing": {"z": 1, "y": 1, "x": 1}}]}"#.utf8)
      .write(to: URL(fileURLWithPath: folder.file("tiff.json")))
    let submit = try folder.blockfuse("submit", "tiff.json", "--output", "c.zarr", "--quiet")
    try #require(submit.status == 0, "\(submit.errors)")
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file("in.tif")))
    let end = try folder.blockfuse("export-tiff", "2", "--output", "in.tif", "--region", "z=0", "--overwrite")
    #expect(end.status == 64 && end.errors.contains("view \"v\" of job 3"), "\(end.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("in.tif"))) == before)
  }
}
