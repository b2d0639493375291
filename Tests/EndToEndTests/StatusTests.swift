import Foundation
import JobStore
import JSON
import Testing
import Zarr

/// What `status` says to people, and while it watches.
@Suite struct StatusTests {
  private func submitted() throws -> TestFolder {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "24,150,150", "--chunk", "24,50,50")
    try #require(
      try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16", "--name", "liver").status == 0)
    return folder
  }

  @Test func whatToDoNext() throws {
    let folder = try submitted()
    let pending = try folder.blockfuse("status").output
    #expect(pending.contains("job 1 (liver)  pending"))
    #expect(pending.contains("`blockfuse run 1` begins"))
    try folder.blockfuse("run", "--limit", "200", "--quiet")
    let halfway = try folder.blockfuse("status").output
    #expect(halfway.contains("interrupted"))
    #expect(halfway.contains("200 of 810 blocks"), "\(halfway)")
    #expect(halfway.contains("continues from here"))
    try folder.blockfuse("run", "--quiet")
    let complete = try folder.blockfuse("status").output
    #expect(complete.contains("100.0 %"))
    #expect(complete.contains("2 runs so far"))
  }

  @Test func aRunningJobSaysHowLongItWillTake() throws {
    let folder = try submitted()
    // an earlier run gives the rate that a resumed one has not found yet
    try folder.blockfuse("run", "--limit", "100", "--quiet")
    let run = try folder.held(after: 20)
    let status = try folder.status()
    let text = try folder.blockfuse("status").output
    run.process.signal(SIGKILL)
    run.process.wait()
    #expect((status["seconds_left"]?.double ?? 0) > 0, "\(status)")
    #expect(text.contains(" left"), "\(text)")
    #expect(text.contains("process \(run.process.identifier)"), "\(text)")
    #expect(try folder.status()["seconds_left"] == .null)
  }

  /// As when the lid of a laptop is closed: neither the rate nor the time left may rest on it.
  @Test func timeInWhichAProcessIsStoppedIsNotWork() throws {
    let folder = try submitted()
    let run = try folder.held(after: 20)
    run.process.signal(SIGSTOP)
    run.goOn()
    sleep(5)
    run.process.signal(SIGCONT)
    #expect(run.process.wait().status == 0)
    let record = try #require(try folder.database.runs(of: 1).first)
    let (wall, worked) = (record.endedAt?.timeIntervalSince(record.worker.startedAt) ?? 0, record.progress.workedSeconds ?? 0)
    #expect(wall - worked > 4 && worked > 0, "\(worked) s of \(wall)")
    #expect(try folder.status()["runs"]?.array?.first?["seconds"]?.double == worked)
  }

  /// Also while blocks are recorded between two looks at the database.
  @Test func countsAreOfOneMoment() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "24,150,150", "--chunk", "24,50,50")
    try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "6")
    var run = try folder.spawn("run", "--quiet")
    defer { run.signal(SIGKILL) }
    for _ in 0..<40 {
      // How many looks fit into one run is the machine's affair.
      if !run.isRunning {
        try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "6", "--overwrite")
        run = try folder.spawn("run", "--quiet")
      }
      for status in [try folder.status(), try JSONValue.parse(try folder.blockfuse("list", "--json").output).array?.first] {
        for state in ["total", "done", "empty", "failed", "running", "pending"] {
          let sum = status?["levels"]?.array?.reduce(0) { $0 + ($1["blocks"]?[state]?.int ?? 0) }
          #expect(sum != nil && status?["blocks"]?[state]?.int == sum, "\(state)")
        }
      }
    }
  }

  /// A warning, and no advice to do what would be refused.
  @Test func nothingGoesOnWhereTheOutputWasReplaced() throws {
    let folder = try submitted()
    try folder.blockfuse("run", "1", "--limit", "20", "--quiet")
    try folder.blockfuse("submit", folder.file("mosaic/dataset.json"), "--output", "out.ome.zarr", "--overwrite")
    let text = try folder.blockfuse("status", "1").output
    #expect(text.contains("interrupted") && text.contains("WARNING") && text.contains("was replaced by another job"), "\(text)")
    #expect(!text.contains("blockfuse run"), "\(text)")
    #expect(try folder.blockfuse("run", "1").status == 4)
  }

  @Test func watchingEndsWithTheJob() throws {
    let folder = try submitted()
    let watch = try folder.spawn("status", "--watch", "--json")
    try folder.blockfuse("run", "--quiet")
    let end = watch.wait()
    #expect(end.status == 0)
    let lines = try end.output.split(separator: "\n").map { try JSONValue.parse(String($0)) }
    #expect(lines.last?["state"]?.string == "complete")
    let stopped = try TestFolder()
    #expect(try stopped.blockfuse("status", "--watch").status == 10)
  }

  @Test func watchingIsStoppedBySignals() throws {
    let folder = try submitted()
    let watch = try folder.spawn("status", "--watch")
    usleep(300_000)
    watch.signal(SIGINT)
    let end = watch.wait()
    #expect(end.status == 130)
    #expect(end.output.contains("pending"))
  }
}
