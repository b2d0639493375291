import Foundation
import Geometry
import JobStore
import JSON
import TestSupport
import Testing
import Zarr

/// Several processes that share one job.
@Suite struct JoinTests {
  private func submitted(tiles: String = "2x2") throws -> (folder: TestFolder, calm: [[UInt8]]) {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", tiles, "--shape", "24,150,150", "--chunk", "24,50,50", "--seed", "9")
    for output in ["calm.ome.zarr", "out.ome.zarr"] {
      try #require(try folder.blockfuse("submit", dataset, "--output", output, "--output-chunksize", "16").status == 0)
    }
    try #require(try folder.blockfuse("run", "1", "--quiet").status == 0)
    return (folder, try levels(folder.file("calm.ome.zarr")))
  }

  private func expectComplete(_ folder: TestFolder, _ calm: [[UInt8]]) throws {
    #expect(try folder.database.job(2).state == .complete)
    #expect(try folder.blockfuse("verify", "2", "--quiet").status == 0)
    #expect(try levels(folder.file("out.ome.zarr")) == calm)
    // the contrast windows, which are only known at the end
    for output in ["calm.ome.zarr", "out.ome.zarr"] {
      let attributes = try JSONValue.parse(Data(contentsOf: URL(fileURLWithPath: folder.file(output + "/.zattrs"))))
      let window = attributes["omero"]?["channels"]?.array?.first?["window"]
      #expect((window?["end"]?.double ?? 0) > 100, "\(output): \(attributes)")
    }
  }

  @Test func fourProcessesAreKilledAtRandomUntilAllIsDone() throws {
    // so large that a machine under load, where each kill comes late, leaves some to be killed in
    let (folder, calm) = try submitted(tiles: "4x4")
    func spawn() throws -> RunningProcess {
      try folder.spawn("run", "2", "--join", "--workers", "1", "--quiet")
    }
    var random = SeededRandom.chosen()
    print(random)
    var running = try (0..<4).map { _ in try spawn() }
    var kills = 0
    while try folder.database.job(2).state != .complete {
      usleep(UInt32.random(in: 1_000...60_000, using: &random))
      let victim = Int.random(in: 0..<4, using: &random)
      if running[victim].isRunning, try folder.database.job(2).state != .complete, kills < 40 {
        running[victim].signal(SIGKILL)
        kills += 1
      }
      for i in 0..<4 where !running[i].isRunning {
        let end = running[i].wait()
        #expect([0, 128 + SIGKILL].contains(end.status), "\(end.errors)")
        if try folder.database.job(2).state != .complete { running[i] = try spawn() }
      }
      try expectRecordedBlocksOnDisk(folder, job: 2)
    }
    for process in running {
      let end = process.wait()
      #expect([0, 128 + SIGKILL].contains(end.status), "\(end.errors)")
    }
    print("\(kills) kills of four processes that share a job")
    #expect(kills > 0)
    try expectComplete(folder, calm)
  }

  /// One that has nothing left to take waits for what others hold, and takes it over the moment they die.
  @Test func oneWaitsForTheOthersAndTakesOverFromTheDead() throws {
    let (folder, calm) = try submitted()
    let first = try RunningProcess(
      "blockfuse", ["run", "2", "--workers", "1", "--quiet"], folder: folder.path,
      environment: ["BLOCKFUSE_FAULT": "claimed=wait:600000@1"])
    while try folder.database.job(2).counts.running == 0 { usleep(1000) }
    let second = try folder.spawn("run", "2", "--join", "--workers", "2")
    var counts = try folder.database.levels(of: 2)[0].counts
    while second.isRunning, counts.pending > 0 || counts.done + counts.empty + 64 < counts.total {
      usleep(1000)
      counts = try folder.database.levels(of: 2)[0].counts
    }
    for _ in 0..<1500 where second.isRunning && !second.errorsSoFar.contains("waits for others") { usleep(10_000) }
    #expect(second.isRunning, "it did not wait: \(second.isRunning ? "" : second.wait().errors)")
    #expect(second.errorsSoFar.contains("in the hands of process \(first.identifier) on "), "\(second.errorsSoFar)")
    // the pyramid rests on what the first one holds
    #expect(try folder.database.levels(of: 2)[1].counts.settled == 0)
    first.signal(SIGKILL)
    first.wait()
    let end = second.wait()
    #expect(end.status == 0, "\(end.errors)")
    try expectComplete(folder, calm)
  }

  /// Both get to the end; the last of them finishes the job.
  @Test func oneOfTwoFinishesTheJob() throws {
    let (folder, calm) = try submitted()
    let both = try (0..<2).map { i in
      try RunningProcess(
        "blockfuse", ["run", "2", "--join", "--workers", "1"], folder: folder.path,
        environment: ["BLOCKFUSE_FAULT": "final-metadata-begun=wait:300,file-synced=wait:\(1 + i)@1+"])
    }
    let ends = both.map { $0.wait() }
    #expect(ends.map(\.status) == [0, 0], "\(ends.map(\.errors))")
    #expect(ends.filter { $0.errors.contains("final-metadata-begun made to fail") }.count == 1)
    #expect(ends.filter { $0.errors.contains("is complete") }.count == 1)
    try expectComplete(folder, calm)
  }
}
