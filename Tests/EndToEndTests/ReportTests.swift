import Foundation
import JobStore
import Testing

/// `report`: a page that needs nothing else, for a job in any state.
@Suite struct ReportTests {
  private let foreign = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>"

  private func page(_ folder: TestFolder) throws -> String {
    let end = try folder.blockfuse("report", "--output", "r.html")
    try #require(end.status == 0, "\(end.errors)")
    let text = try String(contentsOfFile: folder.file("r.html"), encoding: .utf8)
    // whatever is loaded is in the page
    let loading = text.ranges(of: /(src|href)="([^"]*)"|url\(([^)]*)\)/).map { String(text[$0].prefix(40)) }
    #expect(loading.allSatisfy { $0.contains("=\"data:image/png;base64,") }, "\(loading)")
    #expect(!text.contains("http://") && !text.contains("https://"))
    #expect(!text.contains("<script") && !text.contains("<img src=x"))
    return text
  }

  @Test func everyStateAndForeignNames() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "16,60,100", "--chunk", "16,30,50")
    let text = try String(contentsOfFile: dataset, encoding: .utf8)
    let escaped = foreign.replacingOccurrences(of: "\"", with: "\\\"")
    try Data(text.replacingOccurrences(of: "\"tile_0_0\"", with: "\"\(escaped)\"").utf8).write(to: URL(fileURLWithPath: dataset))
    try #require(
      try folder.blockfuse(
        "submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16", "--name", foreign
      ).status == 0)
    #expect(try page(folder).contains(">pending</span>"))
    let hold = folder.file("hold")
    _ = FileManager.default.createFile(atPath: hold, contents: nil)
    let run = try RunningProcess(
      "blockfuse", ["run", "--workers", "1", "--quiet"], folder: folder.path,
      environment: ["BLOCKFUSE_FAULT": "claimed=hold:\(hold)@1"])
    while run.isRunning, try folder.database.job(1).counts.running == 0 { usleep(500) }
    let running = try page(folder)
    try FileManager.default.removeItem(atPath: hold)
    run.wait()
    #expect(running.contains(">running</span>"))
    #expect(running.contains("class=\"cell running\""))
    let complete = try page(folder)
    #expect(complete.contains(">complete</span>"))
    #expect(complete.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    // the output is gone: the record is still worth a page
    try FileManager.default.removeItem(atPath: folder.file("out.ome.zarr"))
    #expect(try page(folder).contains("No picture"))
  }

  @Test func failuresWithHints() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "16,40,60", "--chunk", "16,40,60")
    try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16")
    try Data("x".utf8).write(to: URL(fileURLWithPath: folder.file("mosaic/tiles/tile_0_0.ome.zarr/0/0/0/0/0/0")))
    #expect(try folder.blockfuse("run", "--quiet").status == 3)
    let failed = try page(folder)
    #expect(failed.contains(">failed</span>"))
    #expect(failed.contains("chunk-damaged"))
    #expect(failed.contains("restore the file from its source"))
    #expect(failed.contains("class=\"cell failed\""))
  }

  @Test func planes() throws {
    let folder = try TestFolder()
    #expect(try folder.blockfuse("report", "--output", "r.html").status == 10)
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "1,64,64", "--chunk", "1,64,64")
    try folder.blockfuse("fuse", dataset, "--output", "out.ome.zarr", "--quiet")
    #expect(try page(folder).contains("along z"))
  }
}
