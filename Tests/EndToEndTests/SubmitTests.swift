import Foundation
import JobStore
import Testing

/// Submits beside each other, beside runs, and those that are stopped: the old output or the new one, and nothing hidden.
@Suite struct SubmitTests {
  private static let options = ["--output", "o.zarr", "--output-chunksize", "16", "--overwrite"]

  private func prepared() throws -> TestFolder {
    let folder = try TestFolder(isInMemory: true)
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    try expectSuccess(folder.blockfuse("fuse", dataset, "--output", "o.zarr", "--output-chunksize", "16", "--quiet"))
    return folder
  }

  /// A process that stands still at a fault point until it is let go on.
  private func held(_ folder: TestFolder, at point: String, _ arguments: [String]) throws -> HeldRun {
    let hold = folder.file("hold-" + UUID().uuidString)
    try Data().write(to: URL(fileURLWithPath: hold))
    let process = try RunningProcess(
      "blockfuse", arguments, folder: folder.path, environment: ["BLOCKFUSE_FAULT": "\(point)=hold:\(hold)"])
    while process.isRunning, !process.errorsSoFar.contains("\(point) made to fail") { usleep(2_000) }
    try #require(process.isRunning, "\(process.wait().errors)")
    return HeldRun(process: process, hold: hold)
  }

  private func submit(_ more: String...) -> [String] { ["submit", "mosaic/dataset.json"] + Self.options + more }

  private func hidden(_ folder: TestFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".tmp") }
  }

  private func expectSuccess(_ end: Finished) throws { try #require(end.status == 0, "\(end.errors)") }

  @Test func bothOfTwoThatOverwriteSucceed() throws {
    let folder = try prepared()
    let first = try held(folder, at: "old-moved-aside", submit())
    let second = try RunningProcess("blockfuse", submit(), folder: folder.path)
    usleep(200_000)
    first.goOn()
    try expectSuccess(first.process.wait())
    try expectSuccess(second.wait())
    #expect(try hidden(folder) == [])
    try expectSuccess(folder.blockfuse("run", "3", "--quiet"))
    #expect(try folder.blockfuse("run", "2", "--quiet").status == 4)
  }

  /// Those of other databases cannot be waited for.
  @Test func theSlowerOfTwoDatabasesIsToldAndLeavesNothing() throws {
    let folder = try prepared()
    let first = try held(folder, at: "old-moved-aside", submit())
    try expectSuccess(folder.blockfuse("submit", "mosaic/dataset.json", "--output", "o.zarr", "--db", "other.sqlite"))
    first.goOn()
    let end = first.process.wait()
    #expect(end.status == 64)
    #expect(end.errors.contains("somebody else has just made it") && !end.errors.contains("add --overwrite"), "\(end.errors)")
    #expect(try hidden(folder) == [])
    #expect(try folder.blockfuse("status", "2").status == 10)
    try expectSuccess(folder.blockfuse("run", "--db", "other.sqlite", "--quiet"))
  }

  /// What a killed one moved aside was to be overwritten: by the next, if not by it.
  @Test func whatAKilledSubmitMovedAsideGoes() throws {
    let folder = try prepared()
    #expect(try folder.blockfuse(submit(), fault: "old-moved-aside=kill").status == 128 + SIGKILL)
    try expectSuccess(folder.blockfuse("submit", "mosaic/dataset.json", "--output", "o.zarr", "--db", "other.sqlite"))
    #expect(try hidden(folder).count == 2)
    try expectSuccess(folder.blockfuse(submit("--db", "other.sqlite"), fault: ""))
    try expectSuccess(folder.blockfuse("submit", "mosaic/dataset.json", "--output", "p.zarr"))
    #expect(try hidden(folder) == [])
  }

  /// A run that begins while a submit reads and plans keeps its output.
  @Test func anOutputThatIsBeingWrittenIsNotReplaced() throws {
    let folder = try prepared()
    try expectSuccess(folder.blockfuse(submit(), fault: ""))
    let submit = try held(folder, at: "metadata-written", submit())
    let run = try held(folder, at: "claimed", ["run", "2", "--quiet"])
    submit.goOn()
    let end = submit.process.wait()
    #expect(end.status == 11, "\(end.errors)")
    run.goOn()
    try expectSuccess(run.process.wait())
    try expectSuccess(folder.blockfuse("verify", "2", "--quiet"))
    #expect(try hidden(folder) == [])
  }

  /// And a run cannot begin on an output that is being replaced.
  @Test func aRunWaitsForTheSubmitThatReplacesItsOutput() throws {
    let folder = try prepared()
    try expectSuccess(folder.blockfuse(submit(), fault: ""))
    // replaced when the run has looked at it and not begun
    let submit = try held(folder, at: "metadata-written", submit())
    let run = try held(folder, at: "old-removed", ["run", "2", "--quiet"])
    submit.goOn()
    try expectSuccess(submit.process.wait())
    run.goOn()
    let end = run.process.wait()
    #expect(end.status == 4 && end.errors.contains("replaced by another job"), "\(end.errors)")
    #expect(try folder.database.job(2).state == .pending)
    try expectSuccess(folder.blockfuse("run", "3", "--quiet"))
  }

  @Test func aSignalBeforeTheRecordLeavesNothing() throws {
    let folder = try prepared()
    for arguments in [submit(), ["fuse", "mosaic/dataset.json"] + Self.options] {
      let submit = try held(folder, at: "metadata-written", arguments)
      submit.process.signal(SIGTERM)
      usleep(50_000)
      submit.goOn()
      let end = submit.process.wait()
      #expect(end.status == 143 && end.output.isEmpty && end.errors.contains("there is no job"), "\(end.errors)")
      #expect(try hidden(folder) == [])
      #expect(try folder.blockfuse("status", "2").status == 10)
    }
    try expectSuccess(folder.blockfuse("verify", "1", "--quiet"))
  }

  @Test func aJobThatIsRecordedIsTold() throws {
    let folder = try prepared()
    let submit = try held(folder, at: "marked-ready", submit())
    #expect(submit.process.outputSoFar == "2\n")
    submit.process.signal(SIGTERM)
    usleep(50_000)
    submit.goOn()
    try expectSuccess(submit.process.wait())
    #expect(try hidden(folder) == [])
  }

  @Test func aFailedOneLeavesNoFolders() throws {
    let folder = try prepared()
    let arguments = ["submit", "mosaic/dataset.json", "--output", "new/newer/o.zarr"]
    for point in ["metadata-written", "old-moved-aside", "output-renamed", "marking-ready"] {
      #expect(try folder.blockfuse(arguments, fault: "\(point)=EIO").status == 1)
      #expect(!FileManager.default.fileExists(atPath: folder.file("new")), "\(point)")
    }
    try expectSuccess(folder.blockfuse(arguments, fault: ""))
  }

  @Test(.enabled(if: TestFolder.hasUnprivileged, "nobody may not run the program here"))
  func anOldOutputThatCannotBeRemovedIsNamed() throws {
    let folder = try prepared()
    let kept = folder.file("o.zarr/0/0")
    for path in ["", "o.zarr", "mosaic"] {
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.file(path))
    }
    // a folder of somebody else's within one of one's own
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: kept)
    try #require(chown(folder.path, 65534, 65534) == 0 && chown(folder.file("o.zarr"), 65534, 65534) == 0)
    let end = try folder.blockfuseUnprivileged(submit("--db", "other.sqlite"))
    #expect(end.status == 0)
    let left = try #require(try hidden(folder).first)
    #expect(end.errors.contains("cannot be removed") && end.errors.contains(left), "\(end.errors)")
  }
}
