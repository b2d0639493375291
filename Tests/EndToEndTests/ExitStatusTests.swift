import Foundation
import JobStore
import JSON
import Testing
import Zarr

/// Exit statuses, and what is said with them.
@Suite struct ExitStatusTests {
  @Test func noDatabaseAndNoJob() throws {
    let folder = try TestFolder()
    for command in ["run", "status", "verify", "retry", "blocks"] {
      #expect(try folder.blockfuse(command).status == 10)
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("jobs.sqlite")))
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    // nor a folder for one: only who would make it is told to make the folder first
    for command in ["run", "resume", "status", "list", "verify", "retry", "blocks"] {
      #expect(try folder.blockfuse(command, "--db", "nowhere/jobs.sqlite").status == 10, "\(command)")
    }
    for command in ["submit", "fuse"] {
      let end = try folder.blockfuse(command, dataset, "--output", "a.ome.zarr", "--db", "nowhere/jobs.sqlite")
      #expect(end.status == 64 && end.errors.contains("make the folder"), "\(end.errors)")
    }
    // what can be no database
    for path in ["mosaic", ""] {
      #expect(try folder.blockfuse("status", "--db", path).status == 64, "\(path)")
      #expect(try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--db", path).status == 64, "\(path)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("a.ome.zarr")))
    try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr")
    #expect(try folder.blockfuse("run", "2").status == 10)
    #expect(try folder.blockfuse("status", "heart").status == 10)
  }

  @Test func wrongCommandLinesOptionsAndInputs() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    #expect(try folder.blockfuse("fuse").status == 64)
    #expect(try folder.blockfuse("frobnicate").status == 64)
    #expect(try folder.blockfuse("submit", "nowhere.json", "--output", "a.ome.zarr").status == 64)
    try Data(#"{"output_chunk_size": 3}"#.utf8).write(to: URL(fileURLWithPath: folder.file("o.json")))
    let unknown = try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--options", "o.json")
    #expect(unknown.status == 64)
    #expect(unknown.errors.contains("output_chunksize"), "\(unknown.errors)")
    let singular = try String(contentsOfFile: dataset, encoding: .utf8).replacingOccurrences(of: "[1.0, 0.0, 0.0", with: "[0.0, 0.0, 0.0")
    try Data(singular.utf8).write(to: URL(fileURLWithPath: folder.file("mosaic/singular.json")))
    #expect(try folder.blockfuse("submit", "mosaic/singular.json", "--output", "a.ome.zarr").status == 64)
    // nothing of all this left anything behind
    #expect(!FileManager.default.fileExists(atPath: folder.file("a.ome.zarr")))
    #expect(!FileManager.default.fileExists(atPath: folder.file("jobs.sqlite")))
  }

  @Test func anOutputThatExistsIsOnlyReplacedWhenAsked() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    #expect(try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr").status == 0)
    #expect(try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr").status == 64)
    #expect(try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr", "--rounding", "truncate").status == 64)
    #expect(try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr", "--overwrite").status == 0)
    // the first job's output is another's now
    #expect(try folder.blockfuse("verify", "1").status == 12)
    #expect(try folder.blockfuse("verify", "2").status == 0)
    let mine = folder.file("notes")
    try FileManager.default.createDirectory(atPath: mine, withIntermediateDirectories: true)
    try Data("keep".utf8).write(to: URL(fileURLWithPath: mine + "/diary.txt"))
    #expect(try folder.blockfuse("submit", dataset, "--output", "notes", "--overwrite").status == 64)
    #expect(FileManager.default.fileExists(atPath: mine + "/diary.txt"))
    // within a Zarr, at any depth
    for place in ["a.ome.zarr/diary.txt", "a.ome.zarr/0/diary.txt", "a.ome.zarr/0/0/0/0/0/diary.txt", "a.ome.zarr/0/0/mine/0"] {
      let file = folder.file(place)
      try FileManager.default.createDirectory(
        atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try Data("keep".utf8).write(to: URL(fileURLWithPath: file))
      let end = try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--overwrite")
      #expect(end.status == 64 && end.errors.contains("is no part of its image"), "\(place): \(end.errors)")
      #expect(FileManager.default.fileExists(atPath: file))
      try FileManager.default.removeItem(atPath: place.hasSuffix("mine/0") ? folder.file("a.ome.zarr/0/0/mine") : file)
    }
    #expect(try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--overwrite").status == 0)
  }

  @Test func changesSinceSubmitAreNoticed() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,32,32", "--chunk", "8,32,32")
    try Data(#"{"output_chunksize": 16}"#.utf8).write(to: URL(fileURLWithPath: folder.file("o.json")))
    #expect(try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--options", "o.json").status == 0)
    // harmless: the same views, written otherwise
    let text = try String(contentsOfFile: dataset, encoding: .utf8)
    try Data((text + "\n\n").utf8).write(to: URL(fileURLWithPath: dataset))
    #expect(try folder.blockfuse("run", "--limit", "2").status == 0)
    // an option
    try Data(#"{"output_chunksize": 17}"#.utf8).write(to: URL(fileURLWithPath: folder.file("o.json")))
    let options = try folder.blockfuse("run")
    #expect(options.status == 4)
    #expect(options.errors.contains("output_chunksize"))
    try Data(#"{"output_chunksize": 16}"#.utf8).write(to: URL(fileURLWithPath: folder.file("o.json")))
    // an input's metadata
    let zarray = folder.file("mosaic/tiles/tile_0_1.ome.zarr/0/.zarray")
    let metadata = try String(contentsOfFile: zarray, encoding: .utf8)
    try Data(metadata.replacingOccurrences(of: "<u2", with: "<i2").utf8).write(to: URL(fileURLWithPath: zarray))
    let input = try folder.blockfuse("run")
    #expect(input.status == 4)
    #expect(input.errors.contains("tile_0_1"))
    #expect(input.errors.contains("int16"))
  }

  @Test func damageIsFoundAndRepaired() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "8,130,130", "--chunk", "8,65,65")
    #expect(try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr", "--output-chunksize", "32", "--quiet").status == 0)
    let before = try levels(folder.file("a.ome.zarr"))
    let victim = URL(fileURLWithPath: folder.file("a.ome.zarr/0/0/0/0/1/1"))
    var bytes = try Data(contentsOf: victim)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: victim)
    try FileManager.default.removeItem(atPath: folder.file("a.ome.zarr/0/0/0/0/2/2"))
    try Data("x".utf8).write(to: URL(fileURLWithPath: folder.file("a.ome.zarr/0/0/0/0/1/.5.0a1b2c3d-77.tmp")))
    let found = try folder.blockfuse("verify", "--json")
    #expect(found.status == 12)
    let report = try JSONValue.parse(found.output)
    #expect(report["problems"]?.array?.count == 2)
    #expect(report["strays"]?.array?.count == 1)
    #expect(try folder.blockfuse("verify", "--repair").status == 0)
    #expect(try folder.status()["state"]?.string == "interrupted")
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
    #expect(try folder.blockfuse("verify").status == 0)
    #expect(try levels(folder.file("a.ome.zarr")) == before)
  }

  @Test func aDamagedInputFailsItsBlocksAndNoOthers() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,96,96", "--chunk", "8,48,48")
    let chunk = URL(fileURLWithPath: folder.file("mosaic/tiles/tile_0_1.ome.zarr/0/0/0/0/1/1"))
    let whole = try Data(contentsOf: chunk)
    try whole.prefix(whole.count / 2).write(to: chunk)
    let end = try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr", "--output-chunksize", "32", "--quiet")
    #expect(end.status == 3, "\(end.errors)")
    let status = try folder.status()
    #expect(status["state"]?.string == "failed")
    let failed = try folder.blockfuse("blocks", "--state", "failed", "--json")
    #expect(failed.output.contains("chunk-damaged"))
    #expect(failed.output.contains("tile_0_1"))
    // mended, and tried again
    try whole.write(to: chunk)
    #expect(try folder.blockfuse("retry").status == 0)
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
    #expect(try folder.status()["state"]?.string == "complete")
  }
}

/// What must never be lost, however a command line is written.
@Suite struct SafetyTests {
  private let manager = FileManager.default

  @Test func inputsAreSafeUnderAnyName() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,32,32", "--chunk", "8,32,32")
    try manager.createSymbolicLink(atPath: folder.file("data"), withDestinationPath: "mosaic")
    try manager.createSymbolicLink(atPath: folder.file("self"), withDestinationPath: ".")
    let tile = "tiles/tile_0_0.ome.zarr"
    for output in ["data/\(tile)", "self/mosaic/\(tile)", "data/\(tile)/0", "data/\(tile)/0/fused.zarr", "self/data/tiles"] {
      #expect(try folder.blockfuse("submit", dataset, "--output", output, "--overwrite").status == 64, "\(output)")
    }
    // a view that is itself a link
    try manager.createSymbolicLink(atPath: folder.file("mosaic/tiles/link.ome.zarr"), withDestinationPath: "../../real.ome.zarr")
    try manager.copyItem(atPath: folder.file("mosaic/\(tile)"), toPath: folder.file("real.ome.zarr"))
    let linked = try String(contentsOfFile: dataset, encoding: .utf8).replacingOccurrences(of: "tile_0_0.ome.zarr", with: "link.ome.zarr")
    try Data(linked.utf8).write(to: URL(fileURLWithPath: folder.file("mosaic/linked.json")))
    #expect(try folder.blockfuse("submit", "mosaic/linked.json", "--output", "real.ome.zarr", "--overwrite").status == 64)
    #expect(manager.fileExists(atPath: folder.file("real.ome.zarr/0/.zarray")))
    #expect(try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr").status == 0)
  }

  @Test func outputsOfJobsAreSafeFromEachOther() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "16,100,100", "--chunk", "16,50,50")
    #expect(try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--output-chunksize", "8").status == 0)
    #expect(try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr/inner.ome.zarr").status == 64)
    #expect(try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr/0/inner.ome.zarr").status == 64)
    let run = try folder.held(after: 5)
    #expect(try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--overwrite").status == 11)
    run.goOn()
    #expect(run.process.wait().status == 0)
    // of several at once one gets the place
    let all = try (0..<4).map { _ in try folder.spawn("submit", dataset, "--output", "b.ome.zarr") }
    #expect(all.map { $0.wait().status }.sorted() == [0, 64, 64, 64])
  }

  @Test func aCompleteJobNeedsItsInputsNoMore() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    #expect(try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr", "--quiet").status == 0)
    try manager.removeItem(atPath: folder.file("mosaic"))
    #expect(try folder.blockfuse("run").status == 0)
    #expect(try folder.status()["state"]?.string == "complete")
    #expect(try folder.status()["output_problem"] == .null)
    try manager.moveItem(atPath: folder.file("a.ome.zarr"), toPath: folder.file("moved"))
    #expect(try folder.status()["output_problem"]?.string?.contains("not there") == true)
    #expect(try folder.blockfuse("run").status == 4)
    #expect(try folder.status()["state"]?.string == "complete")
  }

  @Test(arguments: ["0.4", "0.5"]) func theOutputsOwnMetadataAreVerified(version: String) throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--ngff-version", version, "--output-chunksize", "16")
    #expect(try folder.blockfuse("run", "--limit", "2", "--quiet").status == 0)
    let file = folder.file("a.ome.zarr/0/" + (version == "0.4" ? ".zarray" : "zarr.json"))
    let before = try String(contentsOfFile: file, encoding: .utf8)
    try Data(before.replacingOccurrences(of: "32", with: "31").utf8).write(to: URL(fileURLWithPath: file))
    #expect(try folder.blockfuse("run").status == 4)
    #expect(try folder.blockfuse("verify").status == 12)
    #expect(try folder.blockfuse("verify", "--repair").status == 0)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == before)
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
    try manager.removeItem(atPath: file)
    #expect(try folder.blockfuse("verify").status == 12)
    #expect(try folder.blockfuse("verify", "--repair").status == 0)
    #expect(try folder.blockfuse("verify").status == 0)
  }
}
