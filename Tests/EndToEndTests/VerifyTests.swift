import Foundation
import JobStore
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

  private func prepared() throws -> TestFolder {
    let folder = try TestFolder(isInMemory: true)
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,70,130", "--chunk", "8,70,70")
    try expectSuccess(folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16"))
    return folder
  }

  /// Runs `body` between what a repair found and what it does; returns how many strays it removed.
  private func repairHeld(_ folder: TestFolder, _ body: () throws -> Void) throws -> Int? {
    let hold = folder.file("hold")
    try Data().write(to: URL(fileURLWithPath: hold))
    let repair = try RunningProcess(
      "blockfuse", ["verify", "--repair", "--json"], folder: folder.path,
      environment: ["BLOCKFUSE_FAULT": "repairing=hold:\(hold)"])
    defer { try? FileManager.default.removeItem(atPath: hold) }
    while repair.isRunning, !repair.errorsSoFar.contains("repairing made to fail") { usleep(2_000) }
    try body()
    try FileManager.default.removeItem(atPath: hold)
    let end = repair.wait()
    try expectSuccess(end)
    return try JSONValue.parse(end.output)["strays_removed"]?.int
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
