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
    // an image that changed makes it another one
    let image = folder.file("mosaic")
    let metadata = try #require(
      FileManager.default.enumerator(atPath: image)?.compactMap { $0 as? String }.first { $0.hasSuffix(".zarray") })
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 2e9)], ofItemAtPath: "\(image)/\(metadata)")
    let changed = try fuse(folder, dataset)
    #expect(changed.status == 64 && changed.errors.contains("job 1") && changed.errors.contains("is newer"), "\(changed.errors)")
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
    // the same in words, and not in what is recorded
    try expectRefused("options: interpolation_order", try fuse(folder, dataset, "--interpolation-order", "1"))
    try expectRefused("exists", try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16"))
    let text = try String(contentsOfFile: dataset, encoding: .utf8)
    try (text + "\n").write(toFile: dataset, atomically: true, encoding: .utf8)
    try expectRefused("dataset", try fuse(folder, dataset))
    try text.write(toFile: dataset, atomically: true, encoding: .utf8)
    // in another database it is nobody's job
    let other = try RunningProcess(
      "blockfuse", ["fuse", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16", "--db", "other.sqlite"], folder: folder.path
    ).wait()
    #expect(other.status == 64 && other.errors.contains("exists"), "\(other.errors)")
    let end = try fuse(folder, dataset)
    #expect(end.status == 0 && end.errors.contains("goes on with job 1: 3 of"), "\(end.errors)")
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
