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
    try folder.blockfuse(["run", "--quiet", "--workers", "1"], fault: "file-renamed=kill@3")
    let before = try strays(folder)
    #expect(!before.isEmpty)
    #expect(try repairHeld(folder) {} == before.count)
    #expect(try strays(folder).isEmpty)
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
