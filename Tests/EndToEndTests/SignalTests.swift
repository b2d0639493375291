import Foundation
import JobStore
import Testing

/// The signals that batch systems, shells and limits send end a run as SIGTERM does.
@Suite struct SignalTests {
  private func submitted() throws -> TestFolder {
    let folder = try TestFolder(isInMemory: true)
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "16,100,130", "--chunk", "16,50,70")
    let end = try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16")
    try #require(end.status == 0, "\(end.errors)")
    return folder
  }

  @Test(arguments: [(SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP"), (SIGXCPU, "SIGXCPU"), (SIGUSR1, "SIGUSR1"), (SIGUSR2, "SIGUSR2")])
  func endARunCleanly(number: Int32, name: String) throws {
    let folder = try submitted()
    let run = try folder.held(after: 3)
    run.process.signal(number)
    usleep(50_000)
    // systems send some of them again and again
    if number != SIGTERM { run.process.signal(number) }
    usleep(50_000)
    run.goOn()
    let end = run.process.wait()
    #expect(end.status == 128 + number, "\(end.errors)")
    let store = try folder.database
    #expect(try store.job(1).state == .interrupted)
    let outcome = try store.runs(of: 1).last?.outcome
    #expect(outcome == .interrupted, "\(String(describing: outcome))")
    #expect(try store.job(1).counts.running == 0)
    try expectRecordedBlocksOnDisk(folder, job: 1)
    let again = try folder.blockfuse("run")
    #expect(again.status == 0, "\(again.errors)")
  }

  /// As `nohup` starts a program.
  @Test func whatWasIgnoredStaysIgnored() throws {
    let folder = try submitted()
    let hold = folder.file("hold")
    try Data().write(to: URL(fileURLWithPath: hold))
    let run = try RunningProcess(
      "/bin/sh", ["-c", "trap '' HUP; exec '\(Binaries.path("blockfuse"))' run 1 --workers 1 --quiet"], folder: folder.path,
      environment: ["BLOCKFUSE_FAULT": "file-opening=hold:\(hold)@5+"])
    while run.isRunning, try folder.database.job(1).counts.settled < 2 { usleep(500) }
    run.signal(SIGHUP)
    usleep(50_000)
    unlink(hold)
    let end = run.wait()
    #expect(end.status == 0, "\(end.errors)")
    #expect(try folder.database.job(1).state == .complete)
  }
}
