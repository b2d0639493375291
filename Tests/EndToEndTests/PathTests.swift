import Foundation
import Testing

/// Folders that are links, with `..` after them: as the system sees them.
@Suite struct PathTests {
  private let manager = FileManager.default

  @Test func viewsBesideAFolderThatIsALink() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,32,32", "--chunk", "8,32,32")
    for made in ["phys/exp", "home"] {
      try manager.createDirectory(atPath: folder.file(made), withIntermediateDirectories: true)
    }
    try manager.moveItem(atPath: folder.file("mosaic/tiles"), toPath: folder.file("phys/tiles"))
    let text = try String(contentsOfFile: dataset, encoding: .utf8)
    try Data(text.replacingOccurrences(of: "\"tiles/", with: "\"../tiles/").utf8)
      .write(to: URL(fileURLWithPath: folder.file("phys/exp/dataset.json")))
    try manager.createSymbolicLink(atPath: folder.file("home/data"), withDestinationPath: "../phys/exp")
    for path in ["phys/exp/dataset.json", "home/data/dataset.json"] {
      let end = try folder.blockfuse("plan", path)
      #expect(end.status == 0, "\(path): \(end.errors)")
    }
  }

  @Test func outputsAndDatabasesAboveALink() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    for made in ["real/sub", "work"] {
      try manager.createDirectory(atPath: folder.file(made), withIntermediateDirectories: true)
    }
    try manager.moveItem(atPath: (dataset as NSString).deletingLastPathComponent, toPath: folder.file("real/mosaic"))
    try manager.createSymbolicLink(atPath: folder.file("work/lnk"), withDestinationPath: "../real/sub")
    let end = try RunningProcess(
      "blockfuse",
      ["fuse", "lnk/../mosaic/dataset.json", "--output", "lnk/../a.ome.zarr", "--db", "lnk/../j.sqlite", "--quiet"],
      folder: folder.file("work")
    ).wait()
    #expect(end.status == 0, "\(end.errors)")
    #expect(try folder.blockfuse("verify", "--db", "real/j.sqlite").status == 0)
    #expect(manager.fileExists(atPath: folder.file("real/a.ome.zarr/0/.zarray")))
    #expect(try manager.contentsOfDirectory(atPath: folder.file("work")).filter { !$0.hasPrefix(".") } == ["lnk"])
  }

  /// A path that starts from a folder that is no more starts from nowhere.
  @Test func theCurrentFolderIsGone() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    func fromNowhere(_ line: String) throws -> Finished {
      try manager.createDirectory(atPath: folder.file("gone"), withIntermediateDirectories: false)
      return try RunningProcess(
        "/bin/sh", ["-c", "cd gone && rmdir ../gone && exec '\(Binaries.path("blockfuse"))' " + line], folder: folder.path
      ).wait()
    }
    #expect(try fromNowhere("status --db jobs.sqlite").status == 10)
    let output = try fromNowhere("submit '\(dataset)' --output a.ome.zarr")
    #expect(output.status == 64)
    #expect(output.errors.contains("which was deleted"), "\(output.errors)")
    #expect(try fromNowhere("submit '\(dataset)' --output '\(folder.file("a.ome.zarr"))' --db j.sqlite").status == 64)
    #expect(try fromNowhere("submit '\(dataset)' --output '\(folder.file("a.ome.zarr"))'").status == 0)
  }
}
