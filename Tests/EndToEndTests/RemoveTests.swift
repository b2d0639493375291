import Foundation
import JobStore
import JSON
import Testing

/// `remove`: what is asked for goes, and nothing else.
@Suite struct RemoveTests {
  private func fused() throws -> TestFolder {
    let folder = try TestFolder(isInMemory: true)
    _ = try folder.mosaic("--tiles", "1x1", "--shape", "8,64,64", "--chunk", "8,32,32")
    let arguments = ["submit", "mosaic/dataset.json", "--output", "out.zarr", "--output-chunksize", "16", "--quiet"]
    let end = try folder.blockfuse(arguments, fault: "")
    try #require(end.status == 0, "\(end.errors)")
    let run = try folder.blockfuse(["run", "--quiet"], fault: "")
    try #require(run.status == 0, "\(run.errors)")
    return folder
  }

  private func isThere(_ folder: TestFolder, _ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.file(name)) }

  private func write(_ folder: TestFolder, _ name: String) throws {
    let url = URL(fileURLWithPath: folder.file(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: url)
  }

  @Test func theImageStaysWithoutOutput() throws {
    let folder = try fused()
    let before = try levels(folder.file("out.zarr"))
    let end = try folder.blockfuse("remove", "1")
    #expect(end.status == 0 && end.errors.contains("stays as it is"), "\(end.errors)")
    #expect(try folder.blockfuse("status", "1").status == 10)
    #expect(try levels(folder.file("out.zarr")) == before)
    #expect(try folder.blockfuse("remove", "1").status == 10)
  }

  /// Of images in every form: all that blockfuse made goes, the temp files of killed runs too, and with it what lies beside.
  @Test(arguments: [
    "{}", #"{"ngff_version": "0.5"}"#, #"{"ome_zarr": false}"#, #"{"ome_zarr": false, "ngff_version": "0.5"}"#,
    #"{"ngff_version": "0.5", "zarr_array_creation_kwargs": {"shards": {"z": 8, "y": 32, "x": 32}}}"#,
  ])
  func allOfTheImageGoes(zarrOptions: String) throws {
    let folder = try TestFolder(isInMemory: true)
    _ = try folder.mosaic("--tiles", "1x1", "--shape", "8,64,64", "--chunk", "8,32,32")
    try Data(#"{"output_chunksize": 8, "zarr_options": \#(zarrOptions)}"#.utf8).write(to: URL(fileURLWithPath: folder.file("options.json")))
    let submit = try folder.blockfuse("submit", "mosaic/dataset.json", "--output", "out.zarr", "--options", "options.json", "--quiet")
    try #require(submit.status == 0, "\(submit.errors)")
    let killed = try folder.blockfuse(["run", "--quiet"], fault: "file-written=kill@3")
    try #require(killed.status == 128 + SIGKILL)
    try #require(try folder.blockfuse("run", "--limit", "3", "--quiet").status == 0)
    let files = try #require(FileManager.default.enumerator(atPath: folder.file("out.zarr"))).compactMap { $0 as? String }.filter {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: folder.file("out.zarr/\($0)"), isDirectory: &isFolder) && !isFolder.boolValue
    }
    let end = try folder.blockfuse("remove", "1", "--output", "--json")
    #expect(end.status == 0, "\(end.errors)")
    let answer = try JSONValue.parse(end.output)
    #expect(answer["files"]?.int == files.count && answer["left"]?.array == [], "\(end.output)")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("out.zarr") }
    #expect(left == [])
  }

  @Test func whatOthersPutThereStays() throws {
    let folder = try fused()
    let others = [
      "out.zarr/notes.txt", "out.zarr/labels/cells/0/0", "out.zarr/0/0/0/99/0/0", "out.zarr/.hidden.tmp", "out.zarr.blockfuse/mine",
    ]
    for name in others { try write(folder, name) }
    try FileManager.default.createSymbolicLink(atPath: folder.file("out.zarr/0/0/0/0/0/link"), withDestinationPath: folder.file("mosaic"))
    let end = try folder.blockfuse("remove", "1", "--output")
    #expect(end.status == 0, "\(end.errors)")
    for name in others { #expect(isThere(folder, name), "\(name)") }
    #expect(isThere(folder, "out.zarr/0/0/0/0/0/link") && isThere(folder, "mosaic/dataset.json"))
    #expect(end.errors.contains(folder.file("out.zarr/notes.txt")), "\(end.errors)")
    #expect(!isThere(folder, "out.zarr/.zattrs") && !isThere(folder, "out.zarr/0/.zarray"))
    #expect(try folder.blockfuse("status", "1").status == 10)
  }

  /// Through a link the image goes, and the link stays, as all that this program did not make. Stopped, it is ended by the same
  /// command.
  @Test(arguments: [nil, "output-put-aside=kill", "own-file-removed=kill@4", "forgetting-job=kill"])
  func anImageBehindALink(fault: String?) throws {
    let folder = try fused()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("disk"), withIntermediateDirectories: false)
    try files.moveItem(atPath: folder.file("out.zarr"), toPath: folder.file("disk/image.zarr"))
    try files.createSymbolicLink(atPath: folder.file("out.zarr"), withDestinationPath: "disk/image.zarr/")
    try write(folder, "disk/other.txt")
    if let fault { _ = try folder.blockfuse(["remove", "1", "--output"], fault: fault) }
    let end = try folder.blockfuse("remove", "1", "--output")
    #expect(end.status == 0, "\(end.errors)")
    if fault == nil { #expect(end.errors.contains("did not make it: \(folder.file("out.zarr"))"), "\(end.errors)") }
    #expect(try folder.blockfuse("status", "1").status == 10)
    #expect(try files.contentsOfDirectory(atPath: folder.file("disk")) == ["other.txt"])
    let left = try files.contentsOfDirectory(atPath: folder.path).filter { $0.contains("out.zarr") }
    #expect(left == ["out.zarr"], "\(left)")
    #expect(try files.destinationOfSymbolicLink(atPath: folder.file("out.zarr")) == "disk/image.zarr/")
  }

  /// It is said which jobs read the image, by whatever name.
  @Test func theReadersOfTheImageAreTold() throws {
    let folder = try fused()
    try FileManager.default.createSymbolicLink(atPath: folder.file("way"), withDestinationPath: ".")
    for (name, dataset) in [("b", "out.zarr"), ("c", "way/out.zarr")] {
      let end = try folder.blockfuse("submit", dataset, "--output", "\(name).zarr", "--quiet")
      try #require(end.status == 0, "\(end.errors)")
    }
    let end = try folder.blockfuse("remove", "1", "--output")
    #expect(end.status == 0 && end.errors.contains("out.zarr is an input of job 2, job 3:"), "\(end.errors)")
    let last = try folder.blockfuse("remove", "3", "--output")
    #expect(last.status == 0 && !last.errors.contains("is an input of"), "\(last.errors)")
  }

  @Test func theImageOfAnotherJobIsLeftAlone() throws {
    let folder = try fused()
    let again = try folder.blockfuse(
      "fuse", "mosaic/dataset.json", "--output", "out.zarr", "--output-chunksize", "32", "--overwrite", "--quiet")
    try #require(again.status == 0, "\(again.errors)")
    let before = try levels(folder.file("out.zarr"))
    let end = try folder.blockfuse("remove", "1", "--output")
    #expect(end.status == 4 && end.errors.contains("was replaced by another job"), "\(end.errors)")
    #expect(try levels(folder.file("out.zarr")) == before)
    #expect(try folder.blockfuse("remove", "1").status == 0)
    #expect(try folder.blockfuse("verify", "2", "--quiet").status == 0)
    // its own records beside the output too
    #expect(isThere(folder, "out.zarr.blockfuse/owner.json"))
  }

  @Test func anImageThatIsGoneAndADiskThatIsNotThere() throws {
    let folder = try TestFolder(isInMemory: true)
    _ = try folder.mosaic("--tiles", "1x1", "--shape", "8,16,16", "--chunk", "8,16,16")
    for name in ["a", "b"] {
      let end = try folder.blockfuse("submit", "mosaic/dataset.json", "--output", "disk-\(name)/out.zarr", "--quiet")
      try #require(end.status == 0, "\(end.errors)")
    }
    try FileManager.default.removeItem(atPath: folder.file("disk-a/out.zarr"))
    try FileManager.default.moveItem(atPath: folder.file("disk-b"), toPath: folder.file("away"))
    #expect(try folder.blockfuse("remove", "1", "--output").status == 0)
    let end = try folder.blockfuse("remove", "2", "--output")
    #expect(end.status == 1 && end.errors.contains("mount its disk"), "\(end.errors)")
    #expect(try folder.blockfuse("status", "2").status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { $0 != "disk-b" })
    #expect(try folder.blockfuse("remove", "2").status == 0)
  }

  /// A removal that was stopped: no other command takes what is left for an image.
  @Test func aHalfRemovedImageIsNone() throws {
    let folder = try fused()
    try #require(try folder.blockfuse(["remove", "1", "--output"], fault: "own-file-removed=kill@2").status == 128 + SIGKILL)
    #expect(!isThere(folder, "out.zarr"))
    #expect(try folder.blockfuse("status", "1").output.contains("is being removed"))
    #expect(try folder.blockfuse("run", "1").status == 4)
    let plain = try folder.blockfuse("remove", "1")
    #expect(plain.status == 64 && plain.errors.contains("blockfuse remove 1 --output"), "\(plain.errors)")
    #expect(try folder.blockfuse("prune").status == 0)
    #expect(try folder.blockfuse("relocate", "1", "--inputs", "mosaic=mosaic").status == 64)
    // and what was made in its place meanwhile is not touched
    let other = try folder.blockfuse("fuse", "mosaic/dataset.json", "--output", "out.zarr", "--output-chunksize", "32", "--quiet")
    try #require(other.status == 0, "\(other.errors)")
    #expect(try folder.blockfuse("remove", "1", "--output").status == 0)
    #expect(try folder.blockfuse("verify", "2", "--quiet").status == 0)
    #expect(isThere(folder, "out.zarr.blockfuse/owner.json"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix(".tmp") })
  }

  @Test func aNameOfSeveralJobsMeansNone() throws {
    let folder = try TestFolder(isInMemory: true)
    _ = try folder.mosaic("--tiles", "1x1", "--shape", "8,16,16", "--chunk", "8,16,16")
    for name in ["a", "b"] {
      try #require(
        try folder.blockfuse("submit", "mosaic/dataset.json", "--output", "\(name).zarr", "--name", "fish", "--quiet").status == 0)
    }
    let end = try folder.blockfuse("remove", "fish", "--output")
    #expect(end.status == 64 && end.errors.contains("1, 2"), "\(end.errors)")
    let renamed = try folder.blockfuse("rename", "2", "newt")
    #expect(renamed.status == 0 && renamed.errors.contains("job 2 is called newt"), "\(renamed.errors)")
    #expect(try folder.blockfuse("remove", "fish").status == 0)
    #expect(try folder.status("newt")["job"]?.int == 2)
    let names = [
      "7", "", "a\u{7}b", " ", "\u{a0}", " newt", "newt ", "new\u{a0}t", "\u{202e}newt", "new\u{200b}t", "\u{feff}newt", "\u{3164}",
      "\u{ff11}\u{ff12}", "\u{663}", String(repeating: "x", count: 101), "x" + String(repeating: "\u{301}", count: 100),
    ]
    for name in names {
      let end = try folder.blockfuse("rename", "newt", name)
      #expect(end.status == 64 && end.errors.contains("NAME"), "\(name): \(end.errors)")
      let submit = try folder.blockfuse("submit", "mosaic/dataset.json", "--output", "c.zarr", "--name", name)
      #expect(submit.status == 64 && submit.errors.contains("--name"), "\(name): \(submit.errors)")
    }
    var former = "newt"
    for name in ["fish 2, left", "胚-七", "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}", "\u{2764}\u{fe0f}", String(repeating: "x", count: 100)] {
      let end = try folder.blockfuse("rename", former, name)
      #expect(end.status == 0, "\(end.errors)")
      former = name
    }
  }

  /// A process that writes to an output for another database keeps it from being replaced.
  @Test func overwriteWaitsForNoWriterOfAnotherDatabase() throws {
    let folder = try TestFolder(isInMemory: true)
    _ = try folder.mosaic("--tiles", "1x1", "--shape", "8,64,64", "--chunk", "8,32,32")
    try #require(
      try folder.blockfuse("submit", "mosaic/dataset.json", "--output", "out.zarr", "--output-chunksize", "8", "--quiet").status == 0)
    let run = try folder.held(after: 4)
    let other = try RunningProcess(
      "blockfuse", ["submit", "mosaic/dataset.json", "--output", "out.zarr", "--overwrite", "--quiet"], folder: folder.path,
      environment: ["BLOCKFUSE_DB": folder.file("other.sqlite")]
    ).wait()
    #expect(other.status == 11 && other.errors.contains(folder.file("jobs.sqlite")), "\(other.status) \(other.errors)")
    run.goOn()
    #expect(run.process.wait().status == 0)
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix(".tmp") })
  }
}
