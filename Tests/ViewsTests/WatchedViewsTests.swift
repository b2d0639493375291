import Files
import Foundation
import Geometry
import Testing
import Views
import Zarr

@Suite struct WatchedViewsTests {
  private func folder() throws -> ViewsTestFolder {
    let folder = try ViewsTestFolder()
    try folder.image("a", axes: "zyx", levels: [([4, 16, 16], [1, 1, 1], [0, 0, 0])])
    return folder
  }

  /// The view as a job's record has it.
  private func view(_ folder: ViewsTestFolder) throws -> View {
    try recordingFolders(folder.load(#"{"path": "a"}"#).views)[0]
  }

  private func setTime(_ path: String, nanoseconds: Int64) {
    let time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    #expect(utimensat(AT_FDCWD, path, [time, time], 0) == 0)
  }

  private func time(_ path: String) throws -> Int64 {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return FileVersion(status).modificationTime
  }

  @Test func whatWasNotLookedAtIsNotAskedFor() throws {
    let folder = try folder()
    let watched = WatchedViews([try view(folder)])
    setTime(folder.path + "/a/0/.zarray", nanoseconds: 1_000_000_000)
    #expect(try watched.changed().isEmpty)
    #expect(try watched.look(at: 0).map(\.field) == ["file 0/.zarray"])
    #expect(try watched.lookAtAll().map(\.view) == [0])
    #expect(try watched.changed().isEmpty, "a view that was refused at the first look is not read")
  }

  @Test func aLaterLookComparesWithTheFirst() throws {
    let folder = try folder()
    let file = folder.path + "/a/0/.zarray"
    let recorded = 1_700_000_000_123_456_789 as Int64
    setTime(file, nanoseconds: recorded)
    let watched = WatchedViews([try view(folder)])
    #expect(try watched.lookAtAll().isEmpty)
    #expect(try watched.changed().isEmpty)
    setTime(file, nanoseconds: recorded + 1)
    #expect(try watched.changed().first?.changes.map(\.field) == ["file 0/.zarray"])
    // put back with its time: it was another one meanwhile, and only the time that nobody can set tells
    setTime(file, nanoseconds: recorded)
    let change = try #require(try watched.changed().first?.changes.first)
    #expect(change.field == "file 0/.zarray" && change.found?.contains("since this process first looked at it") == true)
    #expect(try WatchedViews(watched.views).lookAtAll().isEmpty, "for the next process it is as recorded")
  }

  @Test(
    arguments: [
      (1_700_000_000_000_000_000, true), (1_700_000_000_123_000_000, true), (1_700_000_000_123_456_700, true),
      (1_700_000_001_000_000_000, false), (1_700_000_000_100_000_001, false), (1_700_000_000_200_000_000, false),
    ] as [(Int64, Bool)])
  func timesThatWereCutAreNoChange(found: Int64, isSame: Bool) throws {
    let folder = try folder()
    let file = folder.path + "/a/0/.zarray"
    setTime(file, nanoseconds: 1_700_000_000_123_456_789)
    let view = try view(folder)
    setTime(file, nanoseconds: found)
    #expect(try view.changes().isEmpty == isSame)
    #expect(try WatchedViews([view]).lookAtAll().isEmpty == isSame)
    // the same time with other bytes is
    try folder.array("a/0", shape: [4, 16, 16], fill: "7")
    setTime(file, nanoseconds: found)
    #expect(try !view.changes().isEmpty)
  }

  private func read(_ source: any ImageSource, _ index: TCZYX) throws -> ChunkPresence {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: source.chunkByteCount, alignment: 16)
    defer { buffer.deallocate() }
    return try source.readChunk(index, into: buffer, context: CodecContext())
  }

  @Test func aMissingChunkIsBackgroundWhileItsFolderIsAsItWas() throws {
    let folder = try folder()
    // chunks of 4 x 8 x 8, in folders z/y
    try folder.write("a/0/0/0/0", Data(count: 512))
    try folder.write("a/0/0/1/1", Data(count: 512))
    let view = try view(folder)
    let known = view.fingerprint.fields.keys.filter { $0.hasPrefix("folder ") }.sorted()
    #expect(known == ["folder .", "folder 0", "folder 0/0", "folder 0/1"])
    let watched = WatchedViews([view])
    #expect(try watched.lookAtAll().isEmpty)
    let source = watched.watching(try view.openSource(level: 0), of: 0)
    #expect(try read(source, .zero) == .present(storedByteCount: 512))
    #expect(try read(source, TCZYX(z: 0, y: 0, x: 1)) == .missing)
    #expect(try !source.mayHoldVoxels(t: 0, c: 0, chunks: Box3(lower: Index3(0, 0, 1), upper: Index3(1, 1, 2))))
    #expect(try watched.changed().isEmpty)
    // of a folder in which nothing was missing, nothing rests
    try FileManager.default.removeItem(atPath: folder.path + "/a/0/0/1/1")
    setTime(folder.path + "/a/0/0/1", nanoseconds: 1_800_000_000_000_000_000)
    #expect(try watched.changed().isEmpty)
    #expect(throws: ViewsError.self) { _ = try self.read(source, TCZYX(z: 0, y: 1, x: 1)) }
    #expect(try watched.changed().first?.changes.map(\.field) == ["folder 0/1"])
    #expect(throws: ViewsError.self) {
      let fresh = WatchedViews([view])
      _ = try fresh.lookAtAll()
      _ = try fresh.watching(try view.openSource(level: 0), of: 0)
        .mayHoldVoxels(t: 0, c: 0, chunks: Box3(lower: Index3(0, 1, 1), upper: Index3(1, 2, 2)))
    }
  }
}
