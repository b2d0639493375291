import Foundation
import JobStore
import JSON
import Testing
import Zarr

/// What `verify --repair` removes is never a block's file, whoever records blocks while it looks.
@Suite struct VerifyTests {
  /// Files that a task wrote are strays until its log is collected, which may happen between the look and the repair.
  @Test func straysThatWereCollectedMeanwhileStay() throws {
    let folder = try prepared()
    try expectSuccess(folder.blockfuse("order"))
    let order = try #require(try folder.database.openOrder(of: 1))
    try expectSuccess(folder.blockfuse("work", order.path, "--task", "0", "--tasks", "1", "--quiet"))
    #expect(try repairHeld(folder) { try expectSuccess(folder.blockfuse("collect", "--quiet")) } == 0)
    try expectWhole(folder)
  }

  /// A killed run left a file without a record; another run made the block anew before the repair came to it.
  @Test func straysThatWereRecordedMeanwhileStay() throws {
    let folder = try prepared()
    let end = try folder.blockfuse(["run", "--quiet", "--workers", "1"], fault: "file-renamed=kill@3")
    #expect(end.status == 128 + SIGKILL)
    #expect(try repairHeld(folder) { try expectSuccess(folder.blockfuse("run", "--quiet")) } == 0)
    try expectWhole(folder)
  }

  /// With nobody beside it, it removes them.
  @Test func straysAreRemoved() throws {
    let folder = try prepared()
    _ = try folder.blockfuse(["run", "--quiet", "--workers", "1"], fault: "file-renamed=kill@3")
    let before = try strays(folder)
    #expect(!before.isEmpty)
    #expect(try repairHeld(folder) {} == before.count)
    #expect(try strays(folder).isEmpty)
    try expectSuccess(folder.blockfuse("run", "--quiet"))
    try expectWhole(folder)
  }

  /// However many there are; and what has a name that blockfuse never gives is somebody else's.
  @Test func allStraysAreToldAndRemovedAndNothingElse() throws {
    let folder = try prepared()
    try expectSuccess(folder.blockfuse("run", "--quiet"))
    let row = folder.file("out.ome.zarr/0/0/0/0/1")
    for i in 0..<10_050 { try #require(FileManager.default.createFile(atPath: "\(row)/.1.0a1b2c3d-\(i).tmp", contents: nil)) }
    let others = [
      "\(row)/notes.tmp", "\(row)/.1.tmp", "\(row)/.notes.0a1b2c3d-1.tmp", folder.file("out.ome.zarr/plan.tmp"),
      folder.file("out.ome.zarr/0/.x.tmp"),
    ]
    for path in others { try Data("mine".utf8).write(to: URL(fileURLWithPath: path)) }
    let mine = "\(row)/.2.0a1b2c3d-1.tmp"
    try FileManager.default.createDirectory(atPath: mine + "/mine", withIntermediateDirectories: true)
    #expect(try strays(folder).count == 10_050)
    let repair = try folder.blockfuse("verify", "--repair", "--json", "--quiet")
    #expect(try JSONValue.parse(repair.output)["strays_removed"]?.int == 10_050)
    #expect(try strays(folder).isEmpty)
    for path in others + [mine + "/mine"] { #expect(FileManager.default.fileExists(atPath: path), "\(path)") }
    try expectWhole(folder)
  }

  /// Tools that write an image's metadata anew know nothing of the job that is being fused into it.
  @Test(arguments: ["0.4", "0.5"], [false, true]) func theImagesOwnMetadataAreWrittenAgain(version: String, isComplete: Bool) throws {
    let folder = try TestFolder(isInMemory: true)
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--ngff-version", version, "--output-chunksize", "16")
    try expectSuccess(isComplete ? folder.blockfuse("run", "--quiet") : folder.blockfuse("run", "--limit", "2", "--quiet"))
    let file = URL(fileURLWithPath: folder.file("out.ome.zarr/" + (version == "0.4" ? ".zattrs" : "zarr.json")))
    let before = try Data(contentsOf: file)
    for other in [nil, version == "0.4" ? "{}" : #"{"zarr_format": 3, "node_type": "group", "attributes": {}}"#] {
      try FileManager.default.removeItem(at: file)
      if let other { try Data(other.utf8).write(to: file) }
      let found = try folder.blockfuse("verify", "--json", "--quiet")
      #expect(found.status == 12)
      #expect(try JSONValue.parse(found.output)["metadata_problems"]?.array?.count == 1)
      if !isComplete {
        let run = try folder.blockfuse("run", "--quiet")
        #expect(run.status == 4 && run.errors.contains("--repair"), "\(run.errors)")
      }
      try expectSuccess(folder.blockfuse("verify", "--repair", "--quiet"))
      #expect(try Data(contentsOf: file) == before)
      try expectSuccess(folder.blockfuse("verify", "--quiet"))
    }
    try expectSuccess(folder.blockfuse("run", "--quiet"))
    try expectWhole(folder)
  }

  /// An output that is another job's by now is left alone, and so is a folder that is not there: a disk may not be mounted.
  @Test func theOutputsOfOthersAreNotRepaired() throws {
    let folder = try prepared()
    try expectSuccess(folder.blockfuse("run", "--quiet"))
    try FileManager.default.moveItem(atPath: folder.file("out.ome.zarr"), toPath: folder.file("kept"))
    #expect(try folder.blockfuse("verify", "1", "--repair", "--quiet").status == 12)
    #expect(try folder.database.job(1).state == .complete)
    try expectSuccess(
      folder.blockfuse("submit", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "32"))
    #expect(try folder.blockfuse("verify", "1", "--repair", "--quiet").status == 12)
    #expect(try folder.database.job(1).state == .complete)
    try expectSuccess(folder.blockfuse("run", "2", "--quiet"))
    try expectSuccess(folder.blockfuse("verify", "2", "--quiet"))
  }

  /// A job whose output is replaced while its blocks are read back leaves the new one alone.
  @Test func anOutputThatIsReplacedMeanwhileIsNotRepaired() throws {
    let folder = try prepared()
    try expectSuccess(folder.blockfuse("run", "--quiet"))
    try FileManager.default.removeItem(atPath: folder.file("out.ome.zarr/0/0/0/0/1/1"))
    try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.file("out.ome.zarr/1/.zarray")))
    let end = try repairHeldToItsEnd(folder) {
      try expectSuccess(
        folder.blockfuse("submit", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "32", "--overwrite"))
      try expectSuccess(folder.blockfuse("run", "2", "--quiet"))
    }
    #expect(end.status == 12 && end.errors.contains("replaced by another job"), "\(end.errors)")
    #expect(try folder.database.job(1).state == .complete)
    try expectSuccess(folder.blockfuse("verify", "2", "--quiet"))
  }

  /// What cannot be written over, whatever stands there, is out of the way when a repair says that all is mended.
  @Test(arguments: [
    ("0.4", "0/0/0/0/1/1"), ("0.4", "0/0/0/0/1"), ("0.4", "0"), ("0.4", "1"), ("0.4", "1/.zarray"), ("0.4", ".zattrs"),
    ("0.5", "0/c"), ("0.5", "0/c/0/0/0/1/1"), ("0.5", "1/zarr.json"),
  ])
  func whatIsInTheWayIsRemoved(version: String, place: String) throws {
    let folder = try prepared("--ngff-version", version)
    try expectSuccess(folder.blockfuse("run", "--quiet"))
    let before = try levels(folder.file("out.ome.zarr"))
    try swapFileAndFolder(folder.file("out.ome.zarr/" + place))
    #expect(try folder.blockfuse("verify", "--quiet").status == 12)
    let repair = try folder.blockfuse("verify", "--repair", "--quiet")
    #expect(repair.status == 0, "\(repair.errors)")
    let run = try folder.blockfuse("run", "--quiet")
    try #require(run.status == 0, "\(run.errors)")
    try expectWhole(folder)
    #expect(try levels(folder.file("out.ome.zarr")) == before)
  }

  /// Also where nothing is recorded that it would have damaged.
  @Test(arguments: ["0/0", "0/0/0/0/1/1"]) func whatIsInTheWayOfPendingBlocksIsAStray(place: String) throws {
    let folder = try prepared()
    let path = folder.file("out.ome.zarr/" + place)
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    if place == "0/0" {
      try Data().write(to: URL(fileURLWithPath: path))
    } else {
      try FileManager.default.createDirectory(atPath: path + "/mine", withIntermediateDirectories: true)
    }
    #expect(try strays(folder).count == 1)
    try expectSuccess(folder.blockfuse("verify", "--repair", "--quiet"))
    try expectSuccess(folder.blockfuse("run", "--quiet"))
    try expectWhole(folder)
  }

  /// As a network file system has it now and then: at the last step as at any other.
  @Test(arguments: ["final-metadata-begun=EIO", "final-metadata-written=ESTALE"])
  func aPassingErrorAtTheFinalMetadataIsNoEnd(fault: String) throws {
    let folder = try prepared()
    let end = try folder.blockfuse(["run", "--quiet"], fault: fault)
    #expect(end.status == 0, "\(end.errors)")
    #expect(end.errors.contains("made to fail"), "\(end.errors)")
    try expectWhole(folder)
    #expect(try folder.blockfuse(["run", "--quiet"], fault: "").status == 0)
  }

  /// All is recorded done, and what the last step reads was damaged before it.
  @Test func damageBeforeTheFinalMetadataIsSaid() throws {
    let folder = try prepared()
    #expect(try folder.blockfuse(["run", "--quiet"], fault: "final-metadata-begun=kill").status == 128 + SIGKILL)
    let chunk = URL(fileURLWithPath: folder.file("out.ome.zarr/1/0/0/0/0/0"))
    try Data(contentsOf: chunk).dropLast(9).write(to: chunk)
    for _ in 0..<2 {
      let run = try folder.blockfuse("run", "--quiet")
      #expect(run.status == 12 && run.errors.contains("verify --repair"), "\(run.errors)")
    }
    try expectSuccess(folder.blockfuse("verify", "--repair", "--quiet"))
    try expectSuccess(folder.blockfuse("run", "--quiet"))
    try expectWhole(folder)
  }

  /// Nothing is removed while somebody runs the job.
  @Test func refusedWhileTheJobRuns() throws {
    let folder = try prepared()
    let run = try folder.held(after: 3)
    let end = try folder.blockfuse("verify", "--repair", "--quiet")
    #expect(end.status == 11, "\(end.errors)")
    run.goOn()
    try expectSuccess(run.process.wait())
    try expectWhole(folder)
  }

  /// Readers refuse an array whose attributes are no JSON, whatever its voxels are.
  @Test func attributesOfALevelThatNobodyCanReadAreWrittenAgain() throws {
    let folder = try prepared()
    try expectSuccess(folder.blockfuse("run", "--quiet"))
    let file = URL(fileURLWithPath: folder.file("out.ome.zarr/0/.zattrs"))
    let before = try Data(contentsOf: file)
    try Data(#"{"_ARRAY"#.utf8).write(to: file)
    let end = try folder.blockfuse("verify", "--quiet")
    #expect(end.status == 12 && end.output.contains("0/.zattrs are no JSON object"), "\(end.output)")
    try expectSuccess(folder.blockfuse("verify", "--repair", "--quiet"))
    #expect(try Data(contentsOf: file) == before)
    try expectWhole(folder)
  }

  /// A disk that does not answer, or a host at its limits, is no damage of the blocks that were to be read: what passes is tried
  /// again, and where it lasts nothing is set to pending.
  @Test(arguments: ["ESTALE", "EMFILE"]) func whatTheHostCannotReadIsNoDamage(error: String) throws {
    let folder = try prepared()
    try expectSuccess(folder.blockfuse("run", "--quiet"))
    // what is read first are metadata
    try expectSuccess(folder.blockfuse(["verify", "--quiet", "--workers", "1"], fault: "file-read=\(error)@12"))
    for repair in [[], ["--repair"]] {
      let end = try folder.blockfuse(["verify", "--quiet", "--workers", "1"] + repair, fault: "file-read=\(error)@12+")
      #expect(end.status == 1 && !end.output.contains("missing or damaged"), "\(repair): \(end.output)\(end.errors)")
    }
    try expectWhole(folder)
  }

  private func prepared(_ more: String...) throws -> TestFolder {
    let folder = try TestFolder(isInMemory: true)
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,70,130", "--chunk", "8,70,70")
    let arguments = ["submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16"] + more
    try expectSuccess(folder.blockfuse(arguments, fault: ""))
    return folder
  }

  /// A folder where there was a file, or the other way round.
  private func swapFileAndFolder(_ path: String) throws {
    var isFolder: ObjCBool = false
    try #require(FileManager.default.fileExists(atPath: path, isDirectory: &isFolder))
    try FileManager.default.removeItem(atPath: path)
    if isFolder.boolValue {
      try Data("x".utf8).write(to: URL(fileURLWithPath: path))
    } else {
      try FileManager.default.createDirectory(atPath: path + "/mine", withIntermediateDirectories: true)
    }
  }

  /// Runs `body` between what a repair found and what it does; returns how many strays it removed.
  private func repairHeld(_ folder: TestFolder, _ body: () throws -> Void) throws -> Int? {
    let end = try repairHeldToItsEnd(folder, body)
    try expectSuccess(end)
    return try JSONValue.parse(end.output)["strays_removed"]?.int
  }

  private func repairHeldToItsEnd(_ folder: TestFolder, _ body: () throws -> Void) throws -> Finished {
    let hold = folder.file("hold")
    try Data().write(to: URL(fileURLWithPath: hold))
    let repair = try RunningProcess(
      "blockfuse", ["verify", "--repair", "--json"], folder: folder.path,
      environment: ["BLOCKFUSE_FAULT": "repairing=hold:\(hold)"])
    defer { try? FileManager.default.removeItem(atPath: hold) }
    while repair.isRunning, !repair.errorsSoFar.contains("repairing made to fail") { usleep(2_000) }
    try body()
    try FileManager.default.removeItem(atPath: hold)
    return repair.wait()
  }

  private func expectWhole(_ folder: TestFolder) throws {
    let end = try folder.blockfuse("verify", "--json", "--quiet")
    #expect(end.status == 0, "\(end.output)")
    #expect(try folder.database.job(1).state == .complete)
  }

  private func strays(_ folder: TestFolder) throws -> [JSONValue] {
    try JSONValue.parse(folder.blockfuse("verify", "--json", "--quiet").output)["strays"]?.array ?? []
  }

  private func expectSuccess(_ end: Finished) throws {
    try #require(end.status == 0, "\(end.errors)")
  }
}
