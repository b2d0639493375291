import Foundation
import JobStore
import JSON
import Testing

/// `relocate`: a project that was moved goes on where it stopped, and what is not the job's own is refused.
@Suite struct RelocateTests {
  /// An interrupted job in a folder `old`, and beside it one whose name begins alike.
  private func project() throws -> TestFolder {
    let folder = try TestFolder(isInMemory: true)
    _ = try folder.mosaic("--tiles", "1x2", "--shape", "8,64,64", "--chunk", "8,32,32")
    let files = FileManager.default
    for name in ["old", "old2"] { try files.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false) }
    try files.moveItem(atPath: folder.file("mosaic/tiles"), toPath: folder.file("old/tiles"))
    try files.moveItem(atPath: folder.file("old/tiles/tile_0_1.ome.zarr"), toPath: folder.file("old2/tile_0_1.ome.zarr"))
    let text = try String(contentsOfFile: folder.file("mosaic/dataset.json"), encoding: .utf8)
      .replacing("tiles/tile_0_1", with: "../old2/tile_0_1")
    try text.write(toFile: folder.file("old/dataset.json"), atomically: true, encoding: .utf8)
    try Data(#"{"output_chunksize": 16}"#.utf8).write(to: URL(fileURLWithPath: folder.file("old/options.json")))
    let submit = try folder.blockfuse(
      "submit", "old/dataset.json", "--output", "old/out.zarr", "--options", "old/options.json", "--quiet")
    try #require(submit.status == 0, "\(submit.errors)")
    try #require(try folder.blockfuse("run", "--limit", "5", "--quiet").status == 0)
    return folder
  }

  private func copy(_ folder: TestFolder, _ options: String, _ from: String, _ to: String) throws {
    let end = try RunningProcess("/bin/cp", [options, from, to], folder: folder.path).wait()
    try #require(end.status == 0, "\(end.errors)")
  }

  private func expectWhole(_ folder: TestFolder, _ output: String) throws {
    let run = try folder.blockfuse("run", "--quiet")
    #expect(run.status == 0, "\(run.errors)")
    // nothing is said of a dataset or options that are not there
    #expect(!run.errors.contains("is gone"), "\(run.errors)")
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
    let fresh = try folder.blockfuse(
      "fuse", "\((output as NSString).deletingLastPathComponent)/dataset.json", "--output", "fresh.zarr", "--output-chunksize", "16",
      "--quiet")
    try #require(fresh.status == 0, "\(fresh.errors)")
    #expect(try levels(folder.file(output)) == levels(folder.file("fresh.zarr")))
  }

  @Test func aMovedProjectGoesOn() throws {
    let folder = try project()
    try FileManager.default.moveItem(atPath: folder.file("old"), toPath: folder.file("new"))
    #expect(try folder.blockfuse("run", "--quiet").status == 4)
    let end = try folder.blockfuse("relocate", "1", "--output", "new/out.zarr", "--inputs", "old=new")
    #expect(end.status == 0 && end.errors.contains("1 of 2 views"), "\(end.errors)")
    let job = try folder.database.job(1).description
    #expect(job.outputPath == folder.file("new/out.zarr") && job.datasetPath == folder.file("new/dataset.json"))
    #expect(
      try folder.database.views(of: 1).map(\.path) == [folder.file("new/tiles/tile_0_0.ome.zarr"), folder.file("old2/tile_0_1.ome.zarr")])
    #expect(try folder.database.integrityCheck() == [])
    try expectWhole(folder, "new/out.zarr")
  }

  @Test func copiesWithTheirTimesAreAsGood() throws {
    let folder = try project()
    try copy(folder, "-a", "old", "new")
    let end = try folder.blockfuse("relocate", "1", "--output", "new/out.zarr", "--inputs", "old=new")
    #expect(end.status == 0 && end.errors.contains("a copy of the output is still at \(folder.file("old/out.zarr"))"), "\(end.errors)")
    try FileManager.default.removeItem(atPath: folder.file("old"))
    try expectWhole(folder, "new/out.zarr")
  }

  /// What only times tell apart is said, with the way on; the run decides.
  @Test func copiesWithOtherTimes() throws {
    let folder = try project()
    try copy(folder, "-a", "old", "new")
    for name in try #require(FileManager.default.enumerator(atPath: folder.file("new/tiles"))).compactMap({ $0 as? String }) {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000.25)], ofItemAtPath: folder.file("new/tiles/\(name)"))
    }
    let end = try folder.blockfuse("relocate", "1", "--inputs", "old=new")
    #expect(end.status == 0, "\(end.errors)")
    #expect(end.errors.contains("other times") && end.errors.contains("--accept-times"), "\(end.errors)")
    let run = try folder.blockfuse("run", "--quiet")
    #expect(run.status == 4 && run.errors.contains("tile_0_0"), "\(run.errors)")
  }

  @Test func whatIsNotTheJobsOwnIsRefused() throws {
    let folder = try project()
    let before = try folder.database.job(1).description
    func refused(_ arguments: String..., status: Int32, _ words: String) throws {
      let end = try folder.blockfuse(["relocate", "1"] + arguments, fault: "")
      #expect(end.status == status && end.errors.contains(words), "\(arguments): \(end.status) \(end.errors)")
      #expect(try folder.database.job(1).description == before)
    }
    try copy(folder, "-a", "old", "new")
    // another image at an input's place
    let array = folder.file("new/tiles/tile_0_0.ome.zarr/0/.zarray")
    try String(contentsOfFile: array, encoding: .utf8).replacing("64", with: "60").write(toFile: array, atomically: true, encoding: .utf8)
    try refused("--inputs", "old=new", status: 4, "tile_0_0")
    try FileManager.default.removeItem(atPath: folder.file("new/tiles"))
    try refused("--inputs", "old=new", status: 4, "tile_0_0")
    // no view is there
    try refused("--inputs", "ol=new", status: 64, "no view of the job lies in")
    try refused("--inputs", "old", status: 64, "OLD=NEW")
    try refused(status: 64, "there is nothing to relocate")
    // no output, another job's, one that another database has
    try refused("--output", "nowhere.zarr", status: 64, "there is no output at")
    try #require(try folder.blockfuse("submit", "mosaic/../old/dataset.json", "--output", "b.zarr", "--quiet").status == 0)
    try refused("--output", "b.zarr", status: 4, "was replaced by another job")
    let owner = folder.file("new/out.zarr.blockfuse/owner.json")
    let note = try String(contentsOfFile: owner, encoding: .utf8)
    try note.replacing(/"database": ?"[^"]*"/, with: "\"database\": \"other\"").write(toFile: owner, atomically: true, encoding: .utf8)
    try refused("--output", "new/out.zarr", status: 4, "belongs to another record")
    try note.write(toFile: owner, atomically: true, encoding: .utf8)
    // metadata that say other voxels
    let level = folder.file("new/out.zarr/0/.zarray")
    try String(contentsOfFile: level, encoding: .utf8).replacing("<u2", with: ">u2").write(toFile: level, atomically: true, encoding: .utf8)
    try refused("--output", "new/out.zarr", status: 4, "was altered")
  }

  /// What a run would refuse is not recorded: a dataset or an options file that says something else at the new place.
  @Test func whatARunWouldRefuse() throws {
    let folder = try project()
    let before = try folder.database.job(1).description
    for (file, was, now, words) in [
      ("dataset.json", "\"tile_0_0\"", "\"other\"", "view 0 was \"tile_0_0\", is \"other\""),
      ("options.json", "16", "32", "output_chunksize: was 16, is 32"),
    ] {
      try copy(folder, "-a", "old", "new")
      let text = try String(contentsOfFile: folder.file("new/\(file)"), encoding: .utf8)
      try text.replacing(was, with: now).write(toFile: folder.file("new/\(file)"), atomically: true, encoding: .utf8)
      let end = try folder.blockfuse("relocate", "1", "--inputs", "old=new")
      #expect(end.status == 4 && end.errors.contains(words) && end.errors.contains("nothing was recorded"), "\(end.errors)")
      #expect(try folder.database.job(1).description == before)
      try FileManager.default.removeItem(atPath: folder.file("new"))
    }
  }

  /// Of inputs that stay where they are nothing is asked: those of a complete job may be gone for good.
  @Test func anOutputWithoutItsInputs() throws {
    let folder = try project()
    try #require(try folder.blockfuse("run", "--quiet").status == 0)
    for name in ["out.zarr", "out.zarr.blockfuse"] {
      try FileManager.default.moveItem(atPath: folder.file("old/\(name)"), toPath: folder.file(name))
    }
    for name in ["old", "old2"] { try FileManager.default.removeItem(atPath: folder.file(name)) }
    let end = try folder.blockfuse("relocate", "1", "--output", "out.zarr")
    #expect(end.status == 0, "\(end.errors)")
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
  }

  /// A run that finds the inputs gone says how to tell their new place, and leaves what is done: once they are found as recorded,
  /// nothing is done again.
  @Test func whatIsDoneStaysDone() throws {
    let folder = try project()
    let settled = try folder.database.job(1).counts.settled
    let isUnchecked = try folder.database.hasUncheckedBlocks(1)
    try #require(settled == 5 && isUnchecked)
    try FileManager.default.moveItem(atPath: folder.file("old"), toPath: folder.file("new"))
    let run = try folder.blockfuse("run", "--quiet")
    #expect(run.status == 4 && run.errors.contains("relocate 1 --output NEW --inputs OLD=NEW"), "\(run.errors)")
    #expect(!run.errors.contains("pending again"), "\(run.errors)")
    #expect(try folder.database.job(1).counts.settled == settled)
    try #require(try folder.blockfuse("relocate", "1", "--output", "new/out.zarr", "--inputs", "old=new").status == 0)
    try expectWhole(folder, "new/out.zarr")
    let counts = try folder.database.runs(of: 1).map(\.progress.blocks)
    #expect(try counts.reduce(0, +) == folder.database.job(1).counts.total, "\(counts)")
  }

  /// One that comes back as another is a change like any: what was not checked is made again.
  @Test func aViewThatComesBackAsAnother() throws {
    let folder = try project()
    let array = folder.file("old/tiles/tile_0_0.ome.zarr/0/.zarray")
    try FileManager.default.moveItem(atPath: folder.file("old/tiles"), toPath: folder.file("away"))
    try #require(try folder.blockfuse("run", "--quiet").status == 4)
    #expect(try folder.database.job(1).counts.settled == 5)
    try FileManager.default.moveItem(atPath: folder.file("away"), toPath: folder.file("old/tiles"))
    try (String(contentsOfFile: array, encoding: .utf8) + "\n").write(toFile: array, atomically: true, encoding: .utf8)
    let run = try folder.blockfuse("run", "--quiet")
    #expect(run.status == 4 && run.errors.contains("pending again"), "\(run.errors)")
    #expect(try folder.database.job(1).counts.settled < 5)
  }

  /// Signs of equality in names.
  @Test func namesWithTheSign() throws {
    let folder = try project()
    try FileManager.default.moveItem(atPath: folder.file("old2"), toPath: folder.file("a=b"))
    try #require(try folder.blockfuse("relocate", "1", "--inputs", "old2=a=b").status == 0)
    try FileManager.default.moveItem(atPath: folder.file("a=b"), toPath: folder.file("c=d"))
    let end = try folder.blockfuse("relocate", "1", "--inputs", "a=b=c=d")
    #expect(end.status == 0, "\(end.errors)")
    #expect(try folder.database.views(of: 1)[1].path == folder.file("c=d/tile_0_1.ome.zarr"))
  }
}
