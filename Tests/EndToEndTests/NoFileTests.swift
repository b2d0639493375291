import Foundation
import JobStore
import Testing
import Zarr

/// A FIFO in the place of a file holds nobody up: every command comes to its end, and says what it found.
@Suite struct NoFileTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func put(fifoAt path: String) throws {
    if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    try #require(mkfifo(path, 0o600) == 0)
  }

  /// Ends within a time that is ample.
  private func end(_ arguments: String...) throws -> Finished {
    try #require(RunningProcess("blockfuse", arguments, folder: folder.path).wait(atMostSeconds: 60), "\(arguments) does not end")
  }

  private func submitted(_ more: String...) throws -> String {
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "8,100,100", "--chunk", "8,50,50")
    let submit = try RunningProcess(
      "blockfuse", ["submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "32"] + more, folder: folder.path
    ).wait()
    try #require(submit.status == 0, "\(submit.errors)")
    return dataset
  }

  /// The files of the first tile, by the beginning of their names.
  private func tileFiles(_ isWanted: (String) -> Bool) throws -> [String] {
    let all = FileManager.default.enumerator(atPath: folder.file("mosaic"))?.compactMap { $0 as? String } ?? []
    return all.filter { $0.contains(".zarr/") && isWanted(String($0.split(separator: "/").last ?? "")) }.sorted()
      .map { folder.file("mosaic/\($0)") }
  }

  @Test func aDataset() throws {
    try put(fifoAt: folder.file("dataset.json"))
    for command in [["plan", "dataset.json"], ["submit", "dataset.json", "--output", "out.ome.zarr"]] {
      let process = try RunningProcess("blockfuse", command, folder: folder.path)
      let end = try #require(process.wait(atMostSeconds: 60), "\(command)")
      #expect(end.status == 64 && end.errors.contains("is a FIFO"), "\(end.status) \(end.errors)")
    }
  }

  @Test(arguments: ["tif", "h5"]) func anImage(ending: String) throws {
    try put(fifoAt: folder.file("image.\(ending)"))
    let view = #"{"views": [{"path": "image.\#(ending)", "dataset": "volume"}]}"#
    try Data(view.utf8).write(to: URL(fileURLWithPath: folder.file("dataset.json")))
    let plan = try end("plan", "dataset.json")
    #expect(plan.status == 64, "\(plan.status) \(plan.errors)")
  }

  @Test func metadataOfAnInput() throws {
    let dataset = try submitted()
    let file = try #require(try tileFiles { [".zarray", "zarr.json", ".zattrs"].contains($0) }.first)
    try put(fifoAt: file)
    #expect(try end("plan", dataset).status == 64)
    let run = try end("run", "1")
    #expect(run.status == 4 && run.errors.contains("FIFO"), "\(run.status) \(run.errors)")
  }

  @Test func aChunkOfAnInput() throws {
    _ = try submitted()
    let file = try #require(try tileFiles { Int($0) != nil }.first { !FileManager.default.isFolder($0) })
    try put(fifoAt: file)
    let run = try end("run", "1", "--quiet")
    #expect(run.status == 3, "\(run.status) \(run.errors)")
    let blocks = try end("blocks", "1", "--state", "failed", "--json")
    #expect(blocks.output.contains("no-file") && blocks.output.contains("is a FIFO"), "\(blocks.output)")
  }

  @Test func aBlockOfTheOutput() throws {
    _ = try submitted()
    try #require(try end("run", "1", "--quiet").status == 0)
    let array = try ZarrArray.open(folder.file("out.ome.zarr/0"))
    try put(fifoAt: array.path + "/" + array.blockFile([0, 0, 0, 1, 1]))
    let verify = try end("verify", "1")
    #expect(verify.status == 12 && verify.output.contains("is a FIFO"), "\(verify.status) \(verify.output)")
    #expect(try end("preview", "1", "--output", "p.png").status == 0)
    #expect(try end("verify", "1", "--repair", "--quiet").status == 0)
    #expect(try end("run", "1", "--quiet").status == 0)
    #expect(try end("verify", "1", "--quiet").status == 0)
  }

  @Test func metadataOfTheOutput() throws {
    _ = try submitted()
    try #require(try end("run", "1", "--limit", "2", "--quiet").status == 0)
    for name in [".zattrs", "0/.zarray"] { try put(fifoAt: folder.file("out.ome.zarr/\(name)")) }
    #expect(try end("status", "1").status == 0)
    #expect(try end("run", "1").status == 4)
    #expect([4, 12].contains(try end("verify", "1").status))
  }

  @Test func anOptionsFileThatWasOne() throws {
    try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.file("options.json")))
    _ = try submitted("--options", "options.json")
    try put(fifoAt: folder.file("options.json"))
    let run = try end("run", "1")
    #expect(run.status == 0 && run.errors.contains("options file"), "\(run.status) \(run.errors)")
  }

  @Test func anOrder() throws {
    _ = try submitted()
    try #require(try end("order", "1").status == 0)
    let order = folder.file("out.ome.zarr.blockfuse/order-1")
    try put(fifoAt: order + "/order.sqlite")
    let work = try end("work", order, "--task", "0", "--tasks", "1")
    #expect(work.status == 64 && work.errors.contains("not a regular file"), "\(work.status) \(work.errors)")
  }

  @Test(arguments: ["", ".lock", "-wal", "-journal"]) func theDatabase(ending: String) throws {
    _ = try submitted()
    try put(fifoAt: folder.file("jobs.sqlite" + ending))
    for command in ["status", "run"] {
      let end = try end(command, "1")
      // who looks need not know of others
      if ending == ".lock", end.status == 0 { continue }
      #expect(end.status == 64 && end.errors.contains("not a regular file"), "\(command): \(end.status) \(end.errors)")
    }
  }
}

extension FileManager {
  fileprivate func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
