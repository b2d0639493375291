import Foundation
import Testing

/// Files that commands write where the user says: links are followed, and what is no regular file stays what it is.
@Suite struct NamedOutputTests {
  /// With a job that is done.
  private func fused() throws -> (folder: TestFolder, dataset: String) {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    try #require(try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr", "--quiet").status == 0)
    return (folder, dataset)
  }

  private func commands(_ dataset: String, _ file: String) -> [[String]] {
    [["preview", "--output", file], ["report", "--output", file], ["convert", dataset, file, "--overwrite"]]
  }

  private func isLink(_ path: String) -> Bool { (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil }

  @Test func linksAreFollowed() throws {
    let (folder, dataset) = try fused()
    let link = folder.file("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "end")
    for arguments in commands(dataset, link) {
      try Data().write(to: URL(fileURLWithPath: folder.file("end")))
      let end = try RunningProcess("blockfuse", arguments, folder: folder.path).wait()
      #expect(end.status == 0, "\(end.errors)")
      #expect(isLink(link), "\(arguments)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("end"))).count > 100, "\(arguments)")
    }
  }

  /// Through a link of our own: `/dev/stdout` is the system's.
  @Test func stdoutIsWrittenInto() throws {
    let (folder, dataset) = try fused()
    let (link, file) = (folder.file("stdout"), folder.file("collected"))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/proc/self/fd/1")
    guard access("/proc/self/fd/1", F_OK) == 0 else { return }
    for arguments in commands(dataset, link) {
      try Data("before".utf8).write(to: URL(fileURLWithPath: file))
      let stdout = try #require(FileHandle(forWritingAtPath: file))
      try stdout.seekToEnd()
      let end = try RunningProcess("blockfuse", arguments, folder: folder.path, stdout: stdout).wait()
      #expect(end.status == 0, "\(end.errors)")
      #expect(isLink(link), "\(arguments)")
      let text = try Data(contentsOf: URL(fileURLWithPath: file))
      #expect(text.starts(with: Data("before".utf8)) && text.count > 100, "\(arguments)")
    }
  }

  @Test func aFIFOStaysOne() throws {
    let (folder, dataset) = try fused()
    let fifo = folder.file("fifo")
    try #require(mkfifo(fifo, 0o600) == 0)
    for arguments in commands(dataset, fifo).dropFirst() {
      let reader = try RunningProcess("/bin/cat", [fifo], folder: folder.path)
      let end = try #require(
        try RunningProcess("blockfuse", arguments, folder: folder.path).wait(atMostSeconds: 60), "\(arguments)")
      #expect(end.status == 0, "\(end.errors)")
      let text = reader.wait(atMostSeconds: 10)?.output ?? ""
      #expect(text.contains(arguments[0] == "report" ? "</html>" : "\"views\""), "\(arguments)")
    }
  }

  @Test func aDatasetIsNotOverwrittenThroughALink() throws {
    let (folder, dataset) = try fused()
    let before = try Data(contentsOf: URL(fileURLWithPath: dataset))
    let link = folder.file("link.json")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: dataset)
    let end = try folder.blockfuse("convert", dataset, link, "--overwrite")
    #expect(end.status == 64)
    #expect(end.errors.contains("is the dataset itself"), "\(end.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: dataset)) == before)
  }
}
