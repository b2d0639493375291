import Foundation
import JobStore
import Testing
import Zarr

/// Blocks of the pyramid rest on files of the level below: what is recorded done there must open, and is never taken for
/// background.
@Suite struct MissingSourceTests {
  /// A job whose level 0 is done, and a file of that level.
  private func levelZeroDone(byTask: Bool = false) throws -> (folder: TestFolder, file: String, order: String) {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "8,150,150", "--chunk", "8,50,50")
    try #require(try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "32").status == 0)
    let order = folder.file("out.ome.zarr.blockfuse/order-1")
    if byTask {
      try #require(try folder.blockfuse("order", "1").status == 0)
      let end = try folder.blockfuse("work", order, "--task", "0", "--tasks", "1", "--level", "0")
      try #require(end.status == 0, "\(end.errors)")
    } else {
      let total = try folder.database.levels(of: 1)[0].counts.total
      _ = try folder.blockfuse("run", "1", "--limit", "\(total)", "--quiet")
      try #require(try folder.database.levels(of: 1)[0].counts.isSettled)
    }
    let array = try ZarrArray.open(folder.file("out.ome.zarr/0"))
    let file = array.path + "/" + array.blockFile([0, 0, 0, 1, 1])
    try #require(FileManager.default.fileExists(atPath: file), "\(file)")
    return (folder, file, order)
  }

  private func expectComplete(_ folder: TestFolder) throws {
    #expect(try folder.blockfuse("verify", "1", "--quiet").status == 0)
    let calm = try folder.blockfuse(
      "fuse", folder.file("mosaic/dataset.json"), "--output", "calm.ome.zarr", "--output-chunksize", "32", "--quiet")
    try #require(calm.status == 0, "\(calm.errors)")
    #expect(try levels(folder.file("out.ome.zarr")) == levels(folder.file("calm.ome.zarr")))
  }

  @Test func aFileThatIsNotThereEndsTheRun() throws {
    let (folder, file, _) = try levelZeroDone()
    unlink(file)
    let end = try folder.blockfuse("run", "1")
    #expect(end.status == 12, "\(end.status) \(end.errors)")
    #expect(end.errors.contains(file) && end.errors.contains("verify --repair"), "\(end.errors)")
    #expect(try folder.database.levels(of: 1).allSatisfy { $0.counts.failed == 0 })
    #expect(try folder.blockfuse("verify", "1", "--repair", "--quiet").status == 0)
    #expect(try folder.blockfuse("run", "1", "--quiet").status == 0)
    try expectComplete(folder)
  }

  /// As on another host, which sees it after a while.
  @Test(arguments: [false, true]) func aFileThatComesLateIsWaitedFor(byTask: Bool) throws {
    let (folder, file, order) = try levelZeroDone(byTask: byTask)
    let late = folder.file("late")
    try #require(rename(file, late) == 0)
    let arguments = byTask ? ["work", order, "--task", "0", "--tasks", "1", "--level", "1"] : ["run", "1", "--quiet"]
    let process = try RunningProcess("blockfuse", arguments, folder: folder.path)
    // beyond the tries of a part where a task waits
    usleep(byTask ? 2_500_000 : 1_000_000)
    try #require(rename(late, file) == 0)
    let end = try #require(process.wait(atMostSeconds: 100))
    #expect(end.status == 0, "\(end.status) \(end.errors)")
    if byTask {
      #expect(try folder.blockfuse("collect").status == 0)
      #expect(try folder.blockfuse("run", "1", "--quiet").status == 0)
    }
    try expectComplete(folder)
  }

  @Test func aFileThatNeverComesEndsTheTask() throws {
    let (folder, file, order) = try levelZeroDone(byTask: true)
    unlink(file)
    let end = try folder.blockfuse(
      ["work", order, "--task", "0", "--tasks", "1", "--level", "1"], fault: "patience:0.5")
    #expect(end.status == 12, "\(end.status) \(end.errors)")
    #expect(end.errors.contains(file) && end.errors.contains("verify --repair"), "\(end.errors)")
    _ = try folder.blockfuse("collect")
    #expect(try folder.database.levels(of: 1).allSatisfy { $0.counts.failed == 0 })
  }

  /// One error that passes, at the very opening.
  @Test(arguments: ["ESTALE", "EIO"]) func aPassingErrorIsTriedAgain(error: String) throws {
    let (folder, _, _) = try levelZeroDone()
    let end = try folder.blockfuse(["run", "1", "--quiet"], fault: "file-read=\(error)@1")
    #expect(end.status == 0 && end.errors.contains("file-read made to fail"), "\(end.errors)")
    try expectComplete(folder)
  }

  /// Also by whoever measures what the metadata say.
  @Test func theCoarsestLevelIsNotTakenForBackground() throws {
    let (folder, _, _) = try levelZeroDone()
    let total = try folder.database.job(1).counts.total
    let settled = try folder.database.job(1).counts.settled
    // all but the end
    let end = try folder.blockfuse(["run", "1", "--quiet"], fault: "final-metadata-begun=EACCES")
    try #require(end.status != 0 && settled < total)
    let levels = try folder.database.levels(of: 1)
    try #require(levels.allSatisfy { $0.counts.isSettled })
    let array = try ZarrArray.open(folder.file("out.ome.zarr/\(levels.count - 1)"))
    unlink(array.path + "/" + array.blockFile([0, 0, 0, 0, 0]))
    let again = try folder.blockfuse("run", "1", "--quiet")
    #expect(again.status == 12 && again.errors.contains("is missing"), "\(again.status) \(again.errors)")
  }
}
