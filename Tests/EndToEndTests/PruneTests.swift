import Foundation
import JobStore
import JSON
import Testing

/// `prune` forgets what is certainly gone, and `list` says it.
@Suite struct PruneTests {
  /// Jobs with outputs of these names.
  private func submitted(_ outputs: [String]) throws -> TestFolder {
    let folder = try TestFolder(isInMemory: true)
    _ = try folder.mosaic("--tiles", "1x1", "--shape", "8,16,16", "--chunk", "8,16,16")
    for output in outputs {
      let end = try folder.blockfuse("submit", "mosaic/dataset.json", "--output", output, "--quiet")
      try #require(end.status == 0, "\(end.errors)")
    }
    return folder
  }

  private func jobs(_ folder: TestFolder) throws -> [Int] { try folder.database.jobs().map(\.id) }

  @Test func onlyWhatIsCertainlyGone() throws {
    let folder = try submitted(["here.zarr", "gone.zarr", "disk/lost.zarr", "empty/lost.zarr", "other.zarr", "replaced.zarr"])
    let files = FileManager.default
    try files.removeItem(atPath: folder.file("gone.zarr"))
    // a disk that is not mounted: its place is gone, or empty
    try files.moveItem(atPath: folder.file("disk"), toPath: folder.file("disk-away"))
    try files.moveItem(atPath: folder.file("empty/lost.zarr"), toPath: folder.file("empty-lost.zarr"))
    // something else is in its place
    try files.removeItem(atPath: folder.file("other.zarr"))
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.file("other.zarr")))
    try #require(
      try folder.blockfuse("submit", "mosaic/dataset.json", "--output", "replaced.zarr", "--overwrite", "--quiet").status == 0)

    let dry = try folder.blockfuse("prune", "--dry-run")
    #expect(dry.status == 0)
    #expect(dry.output.split(separator: "\n").map { $0.prefix(5) } == ["job 2", "job 6"], "\(dry.output)")
    #expect(try jobs(folder) == [1, 2, 3, 4, 5, 6, 7])
    let end = try folder.blockfuse("prune", "--json")
    #expect(end.status == 0, "\(end.errors)")
    let answer = try JSONValue.parse(end.output)
    #expect(answer["forgotten"]?.array?.compactMap { $0["job"]?.int } == [2, 6])
    #expect(answer["kept"]?.array?.compactMap { $0["job"]?.int } == [3, 4])
    #expect(try jobs(folder) == [1, 3, 4, 5, 7])
    #expect(end.errors.contains("kept: job 3") && end.errors.contains("kept: job 4"), "\(end.errors)")
    let again = try folder.blockfuse("prune")
    #expect(again.status == 0 && again.errors.contains("no job's output is gone"), "\(again.errors)")
    // the disk is back
    try files.moveItem(atPath: folder.file("disk-away"), toPath: folder.file("disk"))
    #expect(try folder.blockfuse("run", "3", "--quiet").status == 0)
  }

  /// What is left beside an output's place nobody would find without the record.
  @Test func notWhileSomethingOfItIsLeft() throws {
    let folder = try submitted(["a.zarr", "b.zarr", "c.zarr"])
    let half = try folder.blockfuse(["remove", "1", "--output"], fault: "own-file-removed=kill@1")
    try #require(half.status == 128 + SIGKILL)
    // another image took the place meanwhile
    try #require(try folder.blockfuse("submit", "mosaic/dataset.json", "--output", "a.zarr", "--quiet").status == 0)
    let replacing = try folder.blockfuse(
      ["submit", "mosaic/dataset.json", "--output", "c.zarr", "--overwrite", "--quiet"], fault: "marked-ready=kill")
    try #require(replacing.status == 128 + SIGKILL)
    func asides() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".tmp") }
    }
    #expect(try asides().count == 2)
    for name in ["b.zarr", "c.zarr"] { try FileManager.default.removeItem(atPath: folder.file(name)) }

    let lines = try folder.blockfuse("list").output.split(separator: "\n")
    #expect(lines.filter { $0.hasSuffix("a.zarr  (half removed)") }.count == 1, "\(lines)")
    let end = try folder.blockfuse("prune", "--json")
    #expect(try JSONValue.parse(end.output)["forgotten"]?.array?.compactMap { $0["job"]?.int } == [2, 3], "\(end.output)")
    #expect(end.errors.contains("kept: job 1") && end.errors.contains("`blockfuse remove 1 --output` ends that"), "\(end.errors)")
    #expect(end.errors.contains("kept: job 5") && end.errors.contains("`blockfuse remove 5` deletes that"), "\(end.errors)")
    #expect(try asides().count == 2)
    for arguments in [["remove", "1", "--output"], ["remove", "5"]] {
      let end = try folder.blockfuse(arguments, fault: "")
      #expect(end.status == 0, "\(end.errors)")
    }
    #expect(try asides() == [] && jobs(folder) == [4])
    #expect(try folder.blockfuse("run", "4", "--quiet").status == 0)
  }

  /// A link into a disk that is not mounted: its place is gone, or empty. One into a folder that lacks the image alone is sure.
  @Test func aLinkIntoADiskThatIsNotMounted() throws {
    let folder = try submitted(["away.zarr", "empty.zarr", "gone.zarr", "ring.zarr", "here.zarr"])
    let files = FileManager.default
    for name in ["away", "empty", "gone", "here"] {
      try files.createDirectory(atPath: folder.file("disk-\(name)"), withIntermediateDirectories: false)
      try files.moveItem(atPath: folder.file("\(name).zarr"), toPath: folder.file("disk-\(name)/image.zarr"))
      try files.createSymbolicLink(atPath: folder.file("\(name).zarr"), withDestinationPath: "disk-\(name)/image.zarr/")
    }
    try files.moveItem(atPath: folder.file("disk-away"), toPath: folder.file("elsewhere"))
    try files.moveItem(atPath: folder.file("disk-empty/image.zarr"), toPath: folder.file("image.zarr"))
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.file("disk-gone/notes.txt")))
    try files.removeItem(atPath: folder.file("disk-gone/image.zarr"))
    try files.removeItem(atPath: folder.file("ring.zarr"))
    try files.createSymbolicLink(atPath: folder.file("ring.zarr"), withDestinationPath: "ring.zarr")
    let list = try #require(try JSONValue.parse(folder.blockfuse("list", "--json").output).array)
    // of the empty one as little is sure as without a link
    #expect(list.map { $0["output_gone"]?.bool } == [false, true, true, false, false])
    let end = try folder.blockfuse("prune")
    #expect(end.status == 0, "\(end.errors)")
    #expect(try jobs(folder) == [1, 2, 4, 5], "\(end.output) \(end.errors)")
    for job in [1, 2, 4] { #expect(end.errors.contains("kept: job \(job)"), "\(end.errors)") }
    let remove = try folder.blockfuse("remove", "1", "--output")
    #expect(remove.status == 1 && remove.errors.contains("mount its disk"), "\(remove.errors)")
    try files.moveItem(atPath: folder.file("elsewhere"), toPath: folder.file("disk-away"))
    #expect(try folder.blockfuse("run", "1", "--quiet").status == 0)
  }

  @Test func notWhileSomebodyMayWrite() throws {
    let folder = try submitted(["a.zarr", "b.zarr"])
    try #require(try folder.blockfuse("order", "1").status == 0)
    for name in ["a.zarr", "b.zarr"] { try FileManager.default.removeItem(atPath: folder.file(name)) }
    let end = try folder.blockfuse("prune")
    #expect(end.status == 0 && end.errors.contains("tasks of the work order"), "\(end.errors)")
    #expect(try jobs(folder) == [1])
  }

  @Test func theListSaysIt() throws {
    let folder = try submitted(["a.zarr", "b.zarr", "c.zarr"])
    try #require(try folder.blockfuse("run", "1", "--quiet").status == 0)
    let before = try JSONValue.parse(folder.blockfuse("list", "--json").output).array ?? []
    try FileManager.default.removeItem(atPath: folder.file("b.zarr"))
    try #require(try folder.blockfuse("submit", "mosaic/dataset.json", "--output", "c.zarr", "--overwrite", "--quiet").status == 0)
    let lines = try folder.blockfuse("list").output.split(separator: "\n").map(String.init)
    try #require(lines.count == 5)
    for column in ["job", "name", "state", "submitted (UTC)", "worked", "left", "voxels", "size", "output"] {
      #expect(lines[0].contains(column), "\(lines[0])")
    }
    #expect(lines[1].contains("2.05 kvoxel") && lines[1].contains("complete") && lines[1].hasSuffix("a.zarr"), "\(lines[1])")
    #expect(lines[1].contains(/20\d\d-\d\d-\d\d \d\d:\d\d/), "\(lines[1])")
    #expect(lines[2].hasSuffix("b.zarr  (not there)") && lines[3].hasSuffix("c.zarr  (not this job's any more)"), "\(lines)")
    let jobs = try #require(try JSONValue.parse(folder.blockfuse("list", "--json").output).array)
    #expect(jobs.map { $0["output_gone"]?.bool } == [false, true, false, false])
    #expect(jobs[0]["voxels"]?.int == 2048 && (jobs[0]["bytes"]?.int ?? 0) >= 4096 && jobs[0]["finished"]?.string != nil)
    #expect((jobs[0]["seconds"]?.double ?? -1) >= 0 && (jobs[0]["bytes_written"]?.int ?? 0) > 0)
    // all that `status` says, too
    let status = try #require(try folder.status("1").object)
    #expect(Set(status.keys).isSubset(of: Set(before[0].object.map { Array($0.keys) } ?? [])))
  }
}
