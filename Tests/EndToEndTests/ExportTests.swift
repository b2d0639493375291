import Foundation
import JSON
import Testing

/// The tables of `export`: their columns are promised in docs/jobs.md.
@Suite struct ExportTests {
  /// A job of two views and a name that has to be quoted, of which a block failed.
  private func job() throws -> TestFolder {
    let folder = try TestFolder()
    _ = try folder.mosaic("--tiles", "1x2", "--shape", "8,96,96", "--chunk", "8,48,48")
    let chunk = URL(fileURLWithPath: folder.file("mosaic/tiles/tile_0_1.ome.zarr/0/0/0/0/1/1"))
    let whole = try Data(contentsOf: chunk)
    try whole.prefix(whole.count / 2).write(to: chunk)
    let dataset = folder.file("mosaic/dataset.json")
    let text = try String(contentsOfFile: dataset, encoding: .utf8).replacing("\"tile_0_0\"", with: #""first, \"left\"""#)
    try text.write(toFile: dataset, atomically: true, encoding: .utf8)
    try #require(try folder.blockfuse("submit", dataset, "--output", "out.zarr", "--output-chunksize", "32", "--quiet").status == 0)
    try #require(try folder.blockfuse("run", "--quiet").status == 3)
    return folder
  }

  private static let columns = [
    "views": "view,name,path,t,c,z,y,x,element_type,spacing_z,spacing_y,spacing_x,origin_z,origin_y,origin_x,transforms",
    "blocks": "level,t,c,z,y,x,state",
    "failures": "level,t,c,z,y,x,failed,code,message,attempts,time",
    "runs": "run,host,pid,command,started,ended,live,outcome,message,seconds,blocks,voxels,written_voxels,bytes",
  ]

  @Test func columnsAreAsDocumented() throws {
    let folder = try job()
    let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("docs/jobs.md")
    let guide = try String(contentsOf: docs, encoding: .utf8)
    for (table, columns) in Self.columns {
      let csv = try folder.blockfuse("export", "1", table).output.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(csv.first.map(String.init) == columns)
      #expect(guide.contains("`\(columns)`"), "\(table)")
      let json = try folder.blockfuse("export", "1", table, "--json").output.split(separator: "\n").map { try JSONValue.parse(String($0)) }
      #expect(json.count == csv.count - 2, "\(table)")
      for row in json { #expect(Set(row.object?.keys.map { $0 } ?? []) == Set(columns.split(separator: ",").map(String.init))) }
    }
  }

  @Test func cellsAreQuoted() throws {
    let folder = try job()
    let rows = try folder.blockfuse("export", "1", "views", "--csv").output.split(separator: "\n")
    try #require(rows.count == 3)
    #expect(rows[1].hasPrefix(#"0,"first, ""left""",\#(folder.path)/mosaic/tiles/"#), "\(rows[1])")
    #expect(rows[1].contains(#""[{""matrix"":[["#), "\(rows[1])")
  }

  @Test func everyBlockAndFailureIsThere() throws {
    let folder = try job()
    let counts = try folder.status("1")["blocks"]
    let blocks = try folder.blockfuse("export", "1", "blocks").output.split(separator: "\n").dropFirst()
    #expect(blocks.count == counts?["total"]?.int)
    for state in ["done", "failed", "pending"] { #expect(blocks.filter { $0.hasSuffix(",\(state)") }.count == counts?[state]?.int) }
    let failures = try folder.blockfuse("export", "1", "failures", "--json").output.split(separator: "\n").map {
      try JSONValue.parse(String($0))
    }
    #expect(
      failures.count == counts?["failed"]?.int
        && failures.allSatisfy { $0["code"]?.string == "chunk-damaged" && $0["failed"] == .bool(true) })
    try folder.blockfuse("retry")
    let after = try folder.blockfuse("export", "1", "failures", "--json").output
    #expect(after.contains("\"failed\":false"), "\(after)")
    let runs = try folder.blockfuse("export", "1", "runs", "--json").output
    #expect(try JSONValue.parse(runs)["outcome"]?.string == "finished")
  }

  @Test func oneFormAtATime() throws {
    let folder = try TestFolder()
    #expect(try folder.blockfuse("export", "1", "views", "--csv", "--json").status == 64)
    #expect(try folder.blockfuse("export", "1", "view").status == 64)
    #expect(try folder.blockfuse("export", "1", "views").status == 10)
  }
}
