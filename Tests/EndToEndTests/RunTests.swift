import Foundation
import JobStore
import JSON
import Testing
import Zarr

/// Running, stopping, resuming and looking on.
@Suite struct RunTests {
  private func submitted(_ arguments: String...) throws -> TestFolder {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "24,150,150", "--chunk", "24,50,50")
    let end = try RunningProcess(
      "blockfuse", ["submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16"] + arguments,
      folder: folder.path
    ).wait()
    try #require(end.status == 0, "\(end.errors)")
    #expect(end.output == "1\n")
    return folder
  }

  @Test func limitStopsAndRunGoesOn() throws {
    let folder = try submitted("--name", "liver")
    #expect(try folder.status()["state"]?.string == "pending")
    #expect(try folder.blockfuse("run", "liver", "--limit", "50", "--quiet").status == 0)
    let halfway = try folder.status("liver")
    #expect(halfway["state"]?.string == "interrupted")
    let blocks = halfway["blocks"]
    #expect((blocks?["done"]?.int ?? 0) + (blocks?["empty"]?.int ?? 0) == 50)
    #expect(try folder.blockfuse("resume", "--quiet").status == 0)
    #expect(try folder.status()["state"]?.string == "complete")
    // a complete job has nothing left to do, and says how much it was
    let again = try folder.blockfuse("run", "--json", "--quiet")
    #expect(again.status == 0)
    let end = try JSONValue.parse(again.output)
    #expect(end["ending"]?.string == "complete")
    for count in ["total", "settled"] { #expect(end["blocks"]?[count]?.int == halfway["blocks"]?["total"]?.int, "\(again.output)") }
  }

  /// Of the job, whichever run did it; what this one did is beside them.
  @Test func numbersOfBlocksAreThoseOfTheJob() throws {
    let folder = try submitted()
    for total in [50, 100] {
      let end = try folder.blockfuse("run", "--limit", "50", "--json", "--quiet")
      let line = try JSONValue.parse(String(end.output.split(separator: "\n").last ?? ""))
      let (blocks, own) = (line["blocks"], line["this_run"])
      #expect((blocks?["done"]?.int ?? 0) + (blocks?["empty"]?.int ?? 0) == total, "\(line)")
      #expect(blocks?["settled"]?.int == total)
      #expect((own?["done"]?.int ?? 0) + (own?["empty"]?.int ?? 0) == 50, "\(line)")
      let status = try folder.status()["blocks"]
      for name in ["total", "done", "empty", "failed"] { #expect(blocks?[name] == status?[name], "\(name)") }
    }
  }

  /// A limit is reached only where it keeps something from being done.
  @Test func aLimitOfAllThatIsLeft() throws {
    let folder = try TestFolder()
    _ = try damagedTwins(folder)
    let calm = try folder.status("1")
    let below = try #require(calm["levels"]?.array?.first?["blocks"]?["total"]?.int)
    let all = try #require(calm["blocks"]?["total"]?.int)
    let resting = try #require(calm["blocks"]?["pending"]?.int)
    try #require(resting > 0 && calm["levels"]?.array?.count == 2)
    // the level above has blocks that do not rest on failed ones
    let halfway = try folder.blockfuse("run", "2", "--limit", "\(below)", "--quiet")
    #expect(halfway.status == 0, "\(halfway.errors)")
    #expect(try folder.status("2")["state"]?.string == "interrupted")
    let end = try folder.blockfuse("run", "2", "--limit", "\(all - below - resting)", "--quiet")
    #expect(end.status == 3, "\(end.errors)")
    #expect(try folder.status("2")["state"]?.string == "failed")
    #expect(try folder.status("2")["blocks"] == calm["blocks"])
  }

  /// Two equal jobs on a tile with a damaged chunk; the first was run. The chunk, and what it was.
  private func damagedTwins(_ folder: TestFolder) throws -> (chunk: URL, whole: Data) {
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,300,300", "--chunk", "8,75,75")
    let chunk = URL(fileURLWithPath: folder.file("mosaic/tiles/tile_0_0.ome.zarr/0/0/0/0/1/1"))
    let whole = try Data(contentsOf: chunk)
    try whole.prefix(whole.count / 2).write(to: chunk)
    for output in ["a.ome.zarr", "b.ome.zarr"] {
      try folder.blockfuse("submit", dataset, "--output", output, "--output-chunksize", "32")
    }
    #expect(try folder.blockfuse("run", "1", "--quiet").status == 3)
    return (chunk, whole)
  }

  /// What is set to pending while the run is in the pyramid is done by that run.
  @Test func retryWhileTheRunIsInThePyramid() throws {
    let folder = try TestFolder()
    let (chunk, whole) = try damagedTwins(folder)
    let below = try #require(try folder.status("1")["levels"]?.array?.first?["blocks"]?["done"]?.int)
    let hold = folder.file("hold")
    try Data().write(to: URL(fileURLWithPath: hold))
    let run = try RunningProcess(
      "blockfuse", ["run", "2", "--workers", "1", "--quiet"], folder: folder.path,
      environment: ["BLOCKFUSE_FAULT": "file-written=hold:\(hold)@\(below + 1)"])
    while run.isRunning, !run.errorsSoFar.contains("made to fail") { usleep(2_000) }
    try whole.write(to: chunk)
    #expect(try folder.blockfuse("retry", "2").status == 0)
    unlink(hold)
    let end = run.wait()
    #expect(end.status == 0, "\(end.errors)")
    #expect(try folder.status("2")["state"]?.string == "complete")
    #expect(try folder.blockfuse("verify", "2", "--quiet").status == 0)
  }

  @Test func resumeLeavesAJobAloneWhoseOutputWasReplaced() throws {
    let folder = try submitted()
    #expect(try folder.blockfuse("run", "1", "--limit", "5", "--quiet").status == 0)
    let again = ["submit", folder.file("mosaic/dataset.json"), "--output", "out.ome.zarr", "--overwrite", "--output-chunksize", "64"]
    #expect(try RunningProcess("blockfuse", again, folder: folder.path).wait().status == 0)
    #expect(try folder.blockfuse("run", "2", "--limit", "2", "--quiet").status == 0)
    let end = try folder.blockfuse("resume", "--quiet")
    #expect(end.status == 0, "\(end.errors)")
    #expect(end.errors.contains("job 1 is left alone: its output was replaced by that of job 2"), "\(end.errors)")
    #expect(try folder.status("2")["state"]?.string == "complete")
    // who names it is told
    #expect(try folder.blockfuse("run", "1").status == 4)
    // an output that is gone is another matter: its disk may have to be mounted
    #expect(try RunningProcess("blockfuse", again, folder: folder.path).wait().status == 0)
    #expect(try folder.blockfuse("run", "3", "--limit", "2", "--quiet").status == 0)
    try FileManager.default.removeItem(atPath: folder.file("out.ome.zarr"))
    #expect(try folder.blockfuse("resume", "--quiet").status == 4)
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func signalsStopCleanly(number: Int32) throws {
    let folder = try submitted()
    let run = try folder.held(after: 10)
    run.process.signal(number)
    run.goOn()
    let end = run.process.wait()
    #expect(end.status == 128 + number, "\(end.errors)")
    #expect(try folder.status()["state"]?.string == "interrupted")
    #expect(try folder.status()["blocks"]?["running"]?.int == 0)
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
    #expect(try folder.blockfuse("verify").status == 0)
  }

  /// Files on their way when the stop was asked for are given their names after it; where that fails for a passing reason,
  /// it is no failure of theirs: the next run has all its tries.
  @Test func filesThatFailAfterTheStopStayPending() throws {
    let folder = try submitted()
    let hold = folder.file("hold")
    try Data().write(to: URL(fileURLWithPath: hold))
    // the first file is the owner's, beside the output
    let run = try RunningProcess(
      "blockfuse", ["run", "1", "--workers", "1", "--quiet"], folder: folder.path,
      environment: ["BLOCKFUSE_FAULT": "file-synced=hold:\(hold)@2+,file-renamed=EIO@2+"])
    while run.isRunning, !run.errorsSoFar.contains("file-synced made to fail") { usleep(500) }
    run.signal(SIGTERM)
    // until it has been seen
    usleep(500_000)
    unlink(hold)
    let end = run.wait()
    #expect(end.status == 128 + SIGTERM && end.errors.contains("file-renamed made to fail"), "\(end.errors)")
    #expect(try folder.status()["blocks"]?["failed"]?.int == 0)
    let again = try folder.blockfuse("run", "--quiet")
    #expect(again.status == 0, "\(again.errors)")
    #expect(try folder.blockfuse("verify").status == 0)
  }

  @Test func othersLookOnAndASecondRunIsRefused() throws {
    let folder = try submitted()
    let run = try folder.held(after: 5)
    let status = try folder.status()
    #expect(status["state"]?.string == "running")
    let blocks = try folder.blockfuse("blocks", "--json", "--state", "running")
    #expect(blocks.status == 0)
    #expect(!blocks.output.isEmpty)
    let second = try folder.blockfuse("run", "1")
    #expect(second.status == 11)
    #expect(second.errors.contains("\(run.process.identifier)"), "\(second.errors)")
    run.goOn()
    #expect(run.process.wait().status == 0)
    #expect(try folder.status()["state"]?.string == "complete")
  }

  @Test func blocksAreListedByStateAndPlace() throws {
    let folder = try submitted()
    try folder.blockfuse("run", "--limit", "30", "--quiet")
    func lines(_ arguments: String...) throws -> [JSONValue] {
      let end = try RunningProcess("blockfuse", ["blocks", "--json"] + arguments, folder: folder.path).wait()
      #expect(end.status == 0, "\(end.errors)")
      return try end.output.split(separator: "\n").map { try JSONValue.parse(String($0)) }
    }
    let all = try lines()
    #expect(all.count == (try folder.status()["blocks"]?["total"]?.int))
    let settled = try lines("--state", "done").count + lines("--state", "empty").count
    #expect(settled == 30)
    let region = try lines("--level", "0", "--region", "z=0,y=2:4,x=3:6")
    #expect(region.count == 6)
    #expect(region[0]["block"] == .array([0, 0, 0, 2, 3].map { .int($0) }))
    let one = try lines("--level", "0", "--block", "0,0,1,4,4")[0]
    #expect(one["views"]?.array?.isEmpty == false)
    #expect(one["file"]?.string == folder.file("out.ome.zarr/0/0/0/1/4/4"))
    #expect(try folder.blockfuse("blocks", "--block", "0,0,99,0,0").status == 64)
  }

  @Test(arguments: [[], ["--interpolation-order", "3"]]) func voxelsDoNotDependOnHowTheWorkIsCut(_ options: [String]) throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic(
      "--tiles", "2x2", "--shape", "20,130,130", "--chunk", "20,50,50", "--rotation", "2")
    let cuts = [
      ["--output-chunksize", "16", "--workers", "1"],
      ["--output-chunksize", "z=7,y=50,x=33", "--workers", "4"],
      ["--output-chunksize", "200", "--workers", "2"],
      ["--output-chunksize", "16", "--ngff-version", "0.5", "--shards", "z=16,y=48,x=32", "--workers", "3"],
    ]
    var first: [[UInt8]]?
    for (i, cut) in cuts.enumerated() {
      let output = folder.file("cut\(i).ome.zarr")
      let end = try RunningProcess("blockfuse", ["fuse", dataset, "--output", output, "--quiet"] + options + cut, folder: folder.path)
        .wait()
      try #require(end.status == 0, "\(end.errors)")
      let voxels = try levels(output)
      if let first { #expect(voxels == first, "\(cut) gives other voxels") }
      first = first ?? voxels
    }
  }
}
