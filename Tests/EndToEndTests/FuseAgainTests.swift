import Foundation
import JobStore
import JSON
import Testing

/// `fuse` once more: the same job goes on, whatever else stands there is not touched.
@Suite struct FuseAgainTests {
  private func folder() throws -> (folder: TestFolder, dataset: String) {
    let folder = try TestFolder(isInMemory: true)
    return (folder, try folder.mosaic("--tiles", "1x2", "--shape", "16,60,60", "--chunk", "16,30,30"))
  }

  private func fuse(_ folder: TestFolder, _ dataset: String, _ more: String...) throws -> Finished {
    try RunningProcess(
      "blockfuse", ["fuse", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16"] + more, folder: folder.path
    ).wait()
  }

  @Test(arguments: [[], ["--overwrite"]]) func anInterruptedJobGoesOn(more: [String]) throws {
    let (folder, dataset) = try folder()
    #expect(try fuse(folder, dataset, "--limit", "5").status == 0)
    let settled = try folder.database.job(1).counts.settled
    let total = try folder.database.job(1).counts.total
    try #require(settled == 5)
    let again = try RunningProcess(
      "blockfuse", ["fuse", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16"] + more, folder: folder.path
    ).wait()
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.errors.contains("goes on with job 1: 5 of \(total) blocks are done"), "\(again.errors)")
    #expect(try folder.database.jobs().count == 1)
    #expect(try folder.database.job(1).state == .complete)
    // the second run did the rest only
    #expect(try folder.database.runs(of: 1).map(\.progress.blocks) == [5, total - 5])
  }

  @Test func aCompleteJobIsCompleteOrMadeAnew() throws {
    let (folder, dataset) = try folder()
    #expect(try fuse(folder, dataset, "--overwrite").status == 0)
    let again = try fuse(folder, dataset)
    #expect(again.status == 0 && again.errors.contains("job 1 is complete"), "\(again.errors)")
    #expect(try folder.database.jobs().count == 1)
    #expect(try folder.database.runs(of: 1).count == 1)
    // an image that changed makes it another one, unless that is taken for the same
    let image = folder.file("mosaic")
    let metadata = try #require(
      FileManager.default.enumerator(atPath: image)?.compactMap { $0 as? String }.first { $0.hasSuffix(".zarray") })
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 2e9)], ofItemAtPath: "\(image)/\(metadata)")
    let changed = try fuse(folder, dataset)
    #expect(changed.status == 64 && changed.errors.contains("job 1") && changed.errors.contains("is newer"), "\(changed.errors)")
    #expect(
      changed.errors.contains("run 1 --accept-times") && changed.errors.contains("retry 1 --view")
        && changed.errors.contains("--overwrite"),
      "\(changed.errors)")
    let kept = try folder.database.views(of: 1).map(\.fingerprint)
    #expect(try folder.blockfuse("run", "1").status == 0 && folder.database.views(of: 1).map(\.fingerprint) == kept)
    let taken = try folder.blockfuse("run", "1", "--accept-times")
    #expect(taken.status == 0 && taken.errors.contains("taken with its new time"), "\(taken.errors)")
    #expect(try folder.database.views(of: 1).map(\.fingerprint) != kept && folder.database.job(1).state == .complete)
    #expect(try fuse(folder, dataset).status == 0)
    // other bytes are not
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(image)/\(metadata)"))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(" ".utf8))
    try handle.close()
    let bytes = try folder.blockfuse("run", "1", "--accept-times")
    #expect(bytes.status == 4 && bytes.errors.contains("retry 1 --view"), "\(bytes.errors)")
    #expect(try fuse(folder, dataset, "--overwrite").status == 0)
    #expect(try folder.database.jobs().count == 2)
    #expect(try folder.database.job(2).state == .complete)
  }

  @Test func anythingElseIsNamedAndLeftAlone() throws {
    let (folder, dataset) = try folder()
    #expect(try fuse(folder, dataset, "--limit", "3").status == 0)
    func expectRefused(_ words: String, _ end: Finished) throws {
      #expect(end.status == 64, "\(end.errors)")
      for word in [words, "job 1", "blockfuse run 1", "--overwrite"] { #expect(end.errors.contains(word), "\(end.errors)") }
      #expect(try folder.database.jobs().count == 1)
      #expect(try folder.database.job(1).counts.settled == 3)
    }
    try expectRefused("options: rounding", try fuse(folder, dataset, "--rounding", "truncate"))
    // a default that was restated meanwhile is not what differs
    let both = try fuse(folder, dataset, "--rounding", "truncate", "--interpolation-order", "1")
    try expectRefused("options: rounding", both)
    #expect(!both.errors.contains("interpolation_order"), "\(both.errors)")
    try expectRefused("options: output_chunksize", try folder.blockfuse("fuse", dataset, "--output", "out.ome.zarr"))
    try expectRefused("exists", try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16"))
    let text = try String(contentsOfFile: dataset, encoding: .utf8)
    func changed(_ words: String, _ change: (inout [String: JSONValue]) -> Void) throws {
      var map = try #require(JSONValue.parse(text).object)
      change(&map)
      try JSONValue.object(map).text.write(toFile: dataset, atomically: true, encoding: .utf8)
      let end = try fuse(folder, dataset)
      try expectRefused(words, end)
      #expect(!end.errors.contains("spacing") || words.contains("spacing"), "\(end.errors)")
      try text.write(toFile: dataset, atomically: true, encoding: .utf8)
    }
    try changed("its views are in another order") { $0["views"] = $0["views"]?.array.map { .array($0.reversed()) } }
    try changed("had 2 views, has 1: without \"tile_0_1\"") { $0["views"] = $0["views"]?.array.map { .array([$0[0]]) } }
    func view(_ map: inout [String: JSONValue], _ key: String, _ value: JSONValue) {
      guard var views = map["views"]?.array, var first = views[0].object else { return }
      first[key] = value
      views[0] = .object(first)
      map["views"] = .array(views)
    }
    try changed("view \"tile_0_0\": spacing was") { view(&$0, "spacing", ["z": 3, "y": 1, "x": 1]) }
    try FileManager.default.copyItem(atPath: folder.file("mosaic/tiles"), toPath: folder.file("mosaic/copies"))
    try changed("view \"tile_0_0\": path: was") { view(&$0, "path", "copies/tile_0_0.ome.zarr") }
    // in another database it is nobody's job
    let other = try RunningProcess(
      "blockfuse", ["fuse", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16", "--db", "other.sqlite"], folder: folder.path
    ).wait()
    #expect(
      other.status == 64 && other.errors.contains("that of job 1 of the database \(folder.file("jobs.sqlite"))")
        && other.errors.contains("--db"), "\(other.errors)")
    let end = try fuse(folder, dataset)
    #expect(end.status == 0 && end.errors.contains("goes on with job 1: 3 of"), "\(end.errors)")
  }

  /// What is planned makes a job, and not the words in which that was said.
  @Test func aJobIsTheSameHoweverItIsWritten() throws {
    let (folder, dataset) = try folder()
    #expect(try fuse(folder, dataset, "--limit", "1").status == 0)
    var settled = 1
    func expectGoesOn(_ words: String, _ arguments: [String]) throws {
      let end = try RunningProcess("blockfuse", ["fuse"] + arguments + ["--limit", "1"], folder: folder.path).wait()
      settled += 1
      #expect(end.status == 0 && end.errors.contains("goes on with job 1"), "\(words): \(end.errors)")
      #expect(try folder.database.jobs().count == 1 && folder.database.job(1).counts.settled == settled, "\(words)")
    }
    let output = ["--output", "out.ome.zarr"]
    let usual = [dataset] + output + ["--output-chunksize", "16"]
    try expectGoesOn(
      "defaults",
      usual + [
        "--interpolation-order", "1", "--rounding", "nearest", "--downsample", "mean", "--weights-func", "null", "--blending-widths",
        "z=3,y=10,x=10", "--compressor", #"{"id": "zstd", "level": 3}"#, "--missing-views", "skip", "--output-stack-mode", "union",
        "--overlap-in-pixels", "0", "--ngff-version", "0.4",
      ])
    try Data(#"{"output_chunksize": {"z": 16.0, "y": 16, "x": 1.6e1}, "rounding": null, "zarr_options": {}}"#.utf8)
      .write(to: URL(fileURLWithPath: folder.file("o.json")))
    try expectGoesOn("numbers", [dataset] + output + ["--options", "o.json"])
    let text = try String(contentsOfFile: dataset, encoding: .utf8)
    let json = try JSONValue.parse(text)
    try json.serialized(pretty: true).write(to: URL(fileURLWithPath: dataset))
    try expectGoesOn("spaces in the dataset", usual)
    // absolute paths, through a link, in a dataset elsewhere
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: folder.file("mosaic"))
    try text.replacing("tiles/", with: "\(folder.file("link"))/tiles/").write(
      toFile: folder.file("d.json"), atomically: true, encoding: .utf8)
    try expectGoesOn("paths", [folder.file("d.json")] + output + ["--output-chunksize", "16"])
    // what its images became is for the run
    try text.write(toFile: dataset, atomically: true, encoding: .utf8)
    try expectGoesOn("as it was", usual)
  }

  /// The inputs were moved, and the dataset says where to: it is the same job as soon as the record says so, too.
  @Test func aMovedProjectIsNamed() throws {
    let (folder, _) = try folder()
    #expect(try fuse(folder, "mosaic/dataset.json", "--limit", "3").status == 0)
    let files = FileManager.default
    try files.moveItem(atPath: folder.file("mosaic"), toPath: folder.file("moved"))
    for name in ["out.ome.zarr", "out.ome.zarr.blockfuse"] {
      try files.moveItem(atPath: folder.file(name), toPath: folder.file("moved/\(name)"))
    }
    let text = try String(contentsOfFile: folder.file("moved/dataset.json"), encoding: .utf8)
    try text.replacing("tiles/", with: "\(folder.file("moved"))/tiles/")
      .write(toFile: folder.file("moved/dataset.json"), atomically: true, encoding: .utf8)
    let again = ["moved/dataset.json", "--output", "moved/out.ome.zarr", "--output-chunksize", "16"]
    let end = try RunningProcess("blockfuse", ["fuse"] + again, folder: folder.path).wait()
    #expect(
      end.status == 64 && end.errors.contains("that of job 1, which is recorded at \(folder.file("out.ome.zarr"))")
        && end.errors.contains("relocate 1 --output \(folder.file("moved/out.ome.zarr"))"), "\(end.errors)")
    let relocated = try folder.blockfuse("relocate", "1", "--output", "moved/out.ome.zarr", "--inputs", "mosaic=moved")
    try #require(relocated.status == 0, "\(relocated.errors)")
    let on = try RunningProcess("blockfuse", ["fuse"] + again, folder: folder.path).wait()
    #expect(on.status == 0 && on.errors.contains("goes on with job 1: 3 of"), "\(on.errors)")
  }

  /// What changed meanwhile is for the run to say.
  @Test func anInputThatChangedEndsAsInARun() throws {
    let (folder, dataset) = try folder()
    #expect(try fuse(folder, dataset, "--limit", "3").status == 0)
    let image = folder.file("mosaic")
    let metadata = try #require(
      FileManager.default.enumerator(atPath: image)?.compactMap { $0 as? String }.first { $0.hasSuffix(".zarray") })
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 2e9)], ofItemAtPath: "\(image)/\(metadata)")
    for more in [[], ["--overwrite"]] {
      let end = try RunningProcess(
        "blockfuse", ["fuse", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16"] + more, folder: folder.path
      ).wait()
      #expect(end.status == 4 && end.errors.contains("run 1 --accept-times"), "\(end.errors)")
    }
    #expect(try folder.blockfuse("run", "1", "--accept-times").status == 0)
  }
}
