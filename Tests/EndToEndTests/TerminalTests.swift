import Foundation
import JSON
import Testing
import Zarr

/// What becomes of a command whose results nobody takes.
@Suite struct TerminalTests {
  /// A job of which some blocks failed, and one that is done.
  private func submitted() throws -> (folder: TestFolder, dataset: String) {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,96,96", "--chunk", "8,48,48")
    let done = try folder.blockfuse("fuse", dataset, "--output", "b.ome.zarr", "--output-chunksize", "32", "--quiet")
    try #require(done.status == 0, "\(done.errors)")
    let chunk = URL(fileURLWithPath: folder.file("mosaic/tiles/tile_0_1.ome.zarr/0/0/0/0/1/1"))
    let whole = try Data(contentsOf: chunk)
    try whole.prefix(whole.count / 2).write(to: chunk)
    let end = try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--output-chunksize", "32")
    try #require(end.status == 0, "\(end.errors)")
    return (folder, dataset)
  }

  private func run(_ arguments: [String], _ folder: TestFolder, stdout: FileHandle) throws -> Finished {
    try RunningProcess("blockfuse", arguments, folder: folder.path, stdout: stdout).wait()
  }

  private func withoutReader() throws -> FileHandle {
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    return pipe.fileHandleForWriting
  }

  /// The work goes on to its end, and the exit status is that of the work.
  @Test func aReaderThatGoesAwayEndsNoWork() throws {
    let (folder, dataset) = try submitted()
    let failed = try run(["run", "2", "--json", "--quiet"], folder, stdout: withoutReader())
    #expect(failed.status == 3, "\(failed.errors)")
    #expect(try folder.status("2")["state"]?.string == "failed")
    let fused = try run(["fuse", dataset, "--output", "c.ome.zarr", "--views", "tile_0_0", "--json"], folder, stdout: withoutReader())
    #expect(fused.status == 0, "\(fused.errors)")
    #expect(try folder.status("3")["state"]?.string == "complete")
    try FileManager.default.removeItem(atPath: folder.file("b.ome.zarr/0/0/0/0/1/1"))
    #expect(try run(["verify", "1", "--json"], folder, stdout: withoutReader()).status == 12)
  }

  /// Whoever only lists has nothing left to do then, and it is no error.
  @Test(arguments: [
    ["blocks"], ["blocks", "--json"], ["list"], ["status"], ["status", "--watch"], ["status", "--watch", "--json"],
    ["export", "1", "blocks"], ["export", "2", "views", "--json"], ["export", "1", "runs"],
  ])
  func aReaderThatGoesAwayEndsAList(arguments: [String]) throws {
    let (folder, _) = try submitted()
    let end = try run(arguments, folder, stdout: withoutReader())
    #expect(end.status == 0)
    #expect(end.errors == "")
  }

  #if os(Linux)
    @Test(arguments: [
      ["status", "--json"], ["list", "--json"], ["blocks", "--json"], ["blocks"], ["verify", "1", "--json"],
      ["export", "1", "blocks"], ["export", "2", "views", "--json"], ["plan", "mosaic/dataset.json"], ["run", "1", "--json"],
      ["status", "--watch", "--json"],
    ])
    func whatCannotBeWrittenIsSaid(arguments: [String]) throws {
      let (folder, _) = try submitted()
      let end = try run(arguments, folder, stdout: #require(FileHandle(forWritingAtPath: "/dev/full")))
      #expect(end.status == 1)
      #expect(end.errors.contains("stdout cannot be written"), "\(end.errors)")
      #expect(end.errors.contains("No space left"), "\(end.errors)")
    }

    @Test func aJobWhoseNumberCannotBeToldIsRecordedAllTheSame() throws {
      let (folder, dataset) = try submitted()
      let end = try run(
        ["submit", dataset, "--output", "c.ome.zarr", "--quiet"], folder, stdout: #require(FileHandle(forWritingAtPath: "/dev/full")))
      #expect(end.status == 1)
      #expect(end.errors.contains("job 3 is recorded"), "\(end.errors)")
      #expect(try folder.status("3")["state"]?.string == "pending")
    }

    @Test func whatFailedCountsForMore() throws {
      let (folder, _) = try submitted()
      let end = try run(["run", "2", "--json", "--quiet"], folder, stdout: #require(FileHandle(forWritingAtPath: "/dev/full")))
      #expect(end.status == 3)
    }
  #endif

  /// A pipe that does not wait when it is full.
  @Test func nothingIsLostOnTheWayToASlowReader() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "24,150,150", "--chunk", "24,50,50")
    try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--output-chunksize", "8")
    let expected = try folder.blockfuse("blocks", "--json").output
    // more than pipes hold
    try #require(expected.utf8.count > 150_000)
    let pipe = Pipe()
    let writer = pipe.fileHandleForWriting
    _ = fcntl(writer.fileDescriptor, F_SETFL, fcntl(writer.fileDescriptor, F_GETFL) | O_NONBLOCK)
    let process = try RunningProcess("blockfuse", ["blocks", "--json"], folder: folder.path, stdout: writer)
    func isFull() -> Bool {
      var state = pollfd(fd: writer.fileDescriptor, events: Int16(POLLOUT), revents: 0)
      return poll(&state, 1, 0) == 0
    }
    while process.isRunning, !isFull() { usleep(500) }
    try writer.close()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(process.wait().status == 0)
    #expect(output == expected)
  }
}
