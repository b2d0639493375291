import Foundation
import JSON
import Testing
import Zarr

/// What is planned, and what is refused before anything is made.
@Suite struct PlanTests {
  @Test func aChunkIsClampedBeforeItsSizeIsLookedAt() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    for size in ["100000", "1000000000"] {
      let end = try folder.blockfuse("plan", dataset, "--output-chunksize", size, "--json")
      #expect(end.status == 0, "\(end.errors)")
      let level = try JSONValue.parse(end.output)["levels"]?.array?[0]
      #expect(level?["chunks"] == level?["shape"])
    }
    // with shards the inner chunk keeps its size
    let sharded = try folder.blockfuse(
      "plan", dataset, "--output-chunksize", "100000", "--ngff-version", "0.5", "--shards", "z=100000,y=100000,x=100000")
    #expect(sharded.status == 64)
    #expect(sharded.errors.contains("above 2 GiB"), "\(sharded.errors)")
    // and an array may be that large itself
    let large = try folder.blockfuse("plan", dataset, "--output-chunksize", "100000", "--output-shape", "z=4000,y=4000,x=4000")
    #expect(large.status == 64)
    #expect(large.errors.contains("4000 x 4000 x 4000 voxels is above 2 GiB"), "\(large.errors)")
  }

  /// More blocks than can be recorded: asked for, or by a view that is far away.
  @Test func tooManyBlocksAreRefusedBeforeAnythingIsMade() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,32,32", "--chunk", "8,32,32")
    let text = try String(contentsOfFile: dataset, encoding: .utf8)
    let place = "\"path\": \"tiles/tile_0_1.ome.zarr\","
    try #require(text.contains(place))
    let far = folder.file("mosaic/far.json")
    try Data(text.replacingOccurrences(of: place, with: place + " \"origin\": {\"z\": 1e14, \"y\": 0, \"x\": 0},").utf8)
      .write(to: URL(fileURLWithPath: far))
    for arguments in [
      [dataset, "--output-shape", "z=1000000,y=1000000,x=100000", "--output-chunksize", "1"], [far],
    ] {
      for command in ["plan", "submit"] {
        let end = try RunningProcess("blockfuse", [command] + arguments + ["--output", "a.ome.zarr"], folder: folder.path).wait()
        #expect(end.status == 64, "\(command) \(arguments): \(end.errors)")
        #expect(end.errors.contains("more than can be recorded"), "\(end.errors)")
        #expect(end.errors.contains("output_chunksize"), "\(end.errors)")
      }
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("jobs.sqlite")))
    #expect(!FileManager.default.fileExists(atPath: folder.file("jobs.sqlite.lock")))
  }

  /// A terminal would obey them.
  @Test func aNameWithControlCharactersIsRefused() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    for name in ["two\nlines", "\u{1b}[31mred", "\u{85}", "a\u{2028}b", "tab\t"] {
      let end = try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--name", name)
      #expect(end.status == 64, "\(end.errors)")
      #expect(end.errors.contains("control character") && !end.errors.contains("\u{1b}"), "\(end.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("jobs.sqlite")))
    #expect(try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--name", "Leber – 肝臓 👩‍🔬").status == 0)
  }

  @Test(.enabled(if: TestFolder.hasUnprivileged, "nobody may not run the program here"))
  func aPlaceThatCannotBeWrittenIsRefusedBeforeAnythingIsMade() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    let (locked, open) = (folder.file("locked"), folder.file("open"))
    for (path, permissions) in [(locked, 0o555), (open, 0o777)] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
    }
    for output in [locked + "/a.ome.zarr", locked + "/new/a.ome.zarr"] {
      let end = try folder.blockfuseUnprivileged(["submit", dataset, "--output", output, "--db", open + "/jobs.sqlite"])
      #expect(end.status == 64)
      #expect(end.errors.contains("cannot be made in \(locked)"), "\(end.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: open) == [])
  }
}
