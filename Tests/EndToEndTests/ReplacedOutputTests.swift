import Foundation
import JobStore
import Testing

/// An output that is replaced, removed or moved while something writes into it: what is written late never lands in what has
/// its place by then, and whoever wrote it is told.
@Suite struct ReplacedOutputTests {
  private let chunk = ["--output-chunksize", "16", "--quiet"]

  private func mosaic(_ folder: TestFolder) throws -> String {
    try folder.mosaic("--tiles", "2x2", "--shape", "24,120,120", "--chunk", "24,40,40")
  }

  /// A fusion with other voxels, by another database, as if on another host.
  private func fuseOver(_ folder: TestFolder, _ dataset: String, _ output: String) throws -> Finished {
    try RunningProcess(
      "blockfuse", ["fuse", dataset, "--output", output, "--fusion-func", "max_fusion", "--overwrite"] + chunk,
      folder: folder.path, environment: ["BLOCKFUSE_DB": folder.file("other.sqlite")]
    ).wait()
  }

  @Test func aRunDoesNotWriteIntoTheSuccessor() throws {
    let folder = try TestFolder()
    let dataset = try mosaic(folder)
    try #require(try fuseOver(folder, dataset, folder.file("want.ome.zarr")).status == 0)
    try #require(try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16").status == 0)
    let run = try folder.held(after: 10)
    #expect(try fuseOver(folder, dataset, folder.file("out.ome.zarr")).status == 11)
    // as where the file system has no locks, or they do not reach the other host
    try FileManager.default.removeItem(atPath: folder.file("out.ome.zarr.blockfuse"))
    #expect(try fuseOver(folder, dataset, folder.file("out.ome.zarr")).status == 0)
    run.goOn()
    let end = run.process.wait()
    #expect(end.status == 4, "\(end.errors)")
    #expect(end.errors.contains("replaced by another job"), "\(end.errors)")
    #expect(try folder.database.job(1).counts.failed == 0)
    #expect(try levels(folder.file("out.ome.zarr")) == levels(folder.file("want.ome.zarr")))
  }

  @Test func aTaskOfAWithdrawnOrderDoesNotEither() throws {
    let folder = try TestFolder()
    let dataset = try mosaic(folder)
    try #require(try fuseOver(folder, dataset, folder.file("want.ome.zarr")).status == 0)
    try #require(try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16").status == 0)
    let order = try folder.blockfuse("order", "--quiet").output.trimmingCharacters(in: .newlines)
    let hold = folder.file("hold")
    try Data().write(to: URL(fileURLWithPath: hold))
    let task = try RunningProcess(
      "blockfuse", ["work", order, "--task", "0", "--tasks", "1", "--workers", "1", "--quiet"], folder: folder.path,
      environment: ["BLOCKFUSE_FAULT": "file-opening=hold:\(hold)@30+"])
    while task.isRunning, !task.errorsSoFar.contains("file-opening") { usleep(500) }
    #expect(try folder.blockfuse("order", "--withdraw", "--quiet").status == 0)
    let over = try folder.blockfuse(
      "fuse", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16", "--fusion-func", "max_fusion", "--overwrite", "--quiet")
    #expect(over.status == 0, "\(over.errors)")
    try FileManager.default.removeItem(atPath: hold)
    let end = task.wait()
    #expect(end.status == 4, "\(end.errors)")
    #expect(try levels(folder.file("out.ome.zarr")) == levels(folder.file("want.ome.zarr")))
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
  }

  /// The blocks are not to blame: none fails, and when the output is back the same line goes on.
  @Test func anOutputThatIsAwayFailsNoBlock() throws {
    let folder = try TestFolder()
    let dataset = try mosaic(folder)
    try #require(try folder.blockfuse("fuse", dataset, "--output", "want.ome.zarr", "--output-chunksize", "16", "--quiet").status == 0)
    let copy = folder.file("want.sqlite")
    for suffix in ["", ".lock"] {
      try FileManager.default.moveItem(atPath: folder.file("jobs.sqlite\(suffix)"), toPath: copy + suffix)
    }
    try #require(try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16").status == 0)
    let run = try folder.held(after: 10)
    try FileManager.default.moveItem(atPath: folder.file("out.ome.zarr"), toPath: folder.file("away"))
    run.goOn()
    let end = run.process.wait()
    #expect(end.status == 4, "\(end.errors)")
    #expect(end.errors.contains("is not there"), "\(end.errors)")
    let counts = try folder.database.job(1).counts
    #expect(counts.failed == 0)
    try FileManager.default.moveItem(atPath: folder.file("away"), toPath: folder.file("out.ome.zarr"))
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
    #expect(try levels(folder.file("out.ome.zarr")) == levels(folder.file("want.ome.zarr")))
  }

  @Test func aTaskDoesNotEndWellInAnOutputThatIsAway() throws {
    let folder = try TestFolder()
    let dataset = try mosaic(folder)
    try #require(try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16").status == 0)
    let order = try folder.blockfuse("order", "--quiet").output.trimmingCharacters(in: .newlines)
    let hold = folder.file("hold")
    try Data().write(to: URL(fileURLWithPath: hold))
    let work = ["work", order, "--task", "0", "--tasks", "1", "--workers", "1", "--quiet"]
    // all is written and synced, and about to be logged
    let task = try RunningProcess(
      "blockfuse", work, folder: folder.path, environment: ["BLOCKFUSE_FAULT": "log-written=hold:\(hold)@1+"])
    while task.isRunning, !task.errorsSoFar.contains("log-written") { usleep(500) }
    try FileManager.default.moveItem(atPath: folder.file("out.ome.zarr"), toPath: folder.file("away"))
    try FileManager.default.removeItem(atPath: hold)
    let end = task.wait()
    #expect(end.status == 4, "\(end.errors)")
    try FileManager.default.moveItem(atPath: folder.file("away"), toPath: folder.file("out.ome.zarr"))
    #expect(try folder.blockfuse(work, fault: "").status == 0)
    #expect(try folder.blockfuse("collect", "--quiet").status == 0)
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
  }

  @Test func anOutputThatIsRemovedFailsNoBlock() throws {
    let folder = try TestFolder()
    let dataset = try mosaic(folder)
    try #require(try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16").status == 0)
    let run = try folder.held(after: 10)
    let output = folder.file("out.ome.zarr")
    // threads that make files durable are still at it
    while FileManager.default.fileExists(atPath: output) { try? FileManager.default.removeItem(atPath: output) }
    run.goOn()
    let end = run.process.wait()
    #expect(end.status == 4, "\(end.errors)")
    #expect(try folder.database.job(1).counts.failed == 0)
  }

  /// A file of before has no place where a block is to have none.
  @Test func aBlockThatBecomesEmptyHasNoFile() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "16,32,32", "--chunk", "16,16,16")
    try #require(try folder.blockfuse("fuse", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16", "--quiet").status == 0)
    let block = folder.file("out.ome.zarr/0/0/0/0/0/0")
    try Data("damaged".utf8).write(to: URL(fileURLWithPath: block))
    try #require(try folder.blockfuse("verify", "--repair", "--quiet").status == 0)
    try Data("damaged".utf8).write(to: URL(fileURLWithPath: block))
    // a chunk that is not stored is background, as long as its folder's time says that it never was
    let chunks = folder.file("mosaic/tiles/tile_0_0.ome.zarr/0/0/0/0/0")
    var status = stat()
    try #require(stat(chunks, &status) == 0)
    try FileManager.default.removeItem(atPath: chunks + "/0")
    try #require(utimensat(AT_FDCWD, chunks, [status.st_mtim, status.st_mtim], 0) == 0)
    let end = try folder.blockfuse("run", "--quiet")
    #expect(end.status == 0, "\(end.errors)")
    #expect(!FileManager.default.fileExists(atPath: block))
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
  }

  @Test(.enabled(if: !isSanitized, "the sanitizer itself maps files that are larger"))
  func aLimitOfFileSizesIsAnError() throws {
    let folder = try TestFolder()
    let dataset = try mosaic(folder)
    try #require(
      try folder.blockfuse(
        "submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "120", "--compressor", "null"
      ).status == 0)
    let end = try RunningProcess(
      "/bin/bash", ["-c", "ulimit -f 300; exec '\(Binaries.path("blockfuse"))' run --quiet"], folder: folder.path
    ).wait()
    #expect(end.status == 1, "\(end.errors)")
    #expect(end.errors.contains("File too large") && end.errors.contains("ulimit -f"), "\(end.errors)")
    #expect(try folder.database.job(1).counts.failed == 0)
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
  }
}
