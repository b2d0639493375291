import Diagnostics
import Foundation
import Geometry
import Testing
import Views
import Zarr

@Suite struct ArrayImageSourceTests {
  /// A plain array of big-endian uint16 with chunks of 1 x 2 x 2 along t, y, x; chunk (1, 1, 0) is there.
  private func source(_ folder: ViewsTestFolder) throws -> View {
    try folder.array("raw", shape: [2, 3, 4], chunks: [1, 2, 2], type: ">u2", fill: "7")
    try folder.write("raw/1/1/0", Data([0, 1, 0, 2, 1, 0, 0, 4]))
    return try folder.load(
      #"{"name": "v", "path": "raw", "axes": ["t", "y", "x"], "spacing": {"y": 1, "x": 1}, "origin": {"y": 0, "x": 0}}"#
    ).views[0]
  }

  @Test func seesAnArrayAsFiveDimensional() throws {
    let folder = try ViewsTestFolder()
    let source = try source(folder).openSource(level: 0)
    #expect(source.shape == TCZYX(t: 2, z: 1, y: 3, x: 4))
    #expect(source.chunk == TCZYX(z: 1, y: 2, x: 2))
    #expect(source.elementType == .uint16)
    #expect(source.chunkByteCount == 8)
    #expect(source.chunkGrid.count == TCZYX(t: 2, z: 1, y: 2, x: 2))
    #expect(source.fill.withUnsafeBytes { $0.loadUnaligned(as: UInt16.self) } == 7)
  }

  @Test func readsChunksByTheirPlace() throws {
    let folder = try ViewsTestFolder()
    let source = try source(folder).openSource(level: 0)
    let context = CodecContext()
    var voxels: [UInt16] = [9, 9, 9, 9]
    let present = try voxels.withUnsafeMutableBytes { buffer in
      try source.readChunk(TCZYX(t: 1, c: 0, z: 0, y: 1, x: 0), into: buffer, context: context)
    }
    #expect(present == .present(storedByteCount: 8))
    #expect(voxels == [1, 2, 256, 4])
    let missing = try voxels.withUnsafeMutableBytes { buffer in
      try source.readChunk(TCZYX(t: 0, c: 0, z: 0, y: 1, x: 0), into: buffer, context: context)
    }
    #expect(missing == .missing)
    #expect(voxels == [1, 2, 256, 4])
  }

  @Test func errorsNameTheView() throws {
    let folder = try ViewsTestFolder()
    let view = try source(folder)
    let source = try view.openSource(level: 0)
    try folder.write("raw/1/1/0", Data([0, 1, 0]))
    var voxels: [UInt16] = [9, 9, 9, 9]
    let damaged = #expect(throws: ViewsError.self) {
      try voxels.withUnsafeMutableBytes { buffer in
        _ = try source.readChunk(TCZYX(t: 1, c: 0, z: 0, y: 1, x: 0), into: buffer, context: CodecContext())
      }
    }
    #expect(damaged?.code.rawValue == "chunk-damaged")
    #expect(damaged?.view == "v")
    #expect(damaged?.description.contains("/raw/1/1/0") == true)

    try FileManager.default.removeItem(atPath: folder.path + "/raw")
    #expect(throws: ViewsError.inputMissing(view: "v", path: folder.path + "/raw")) { try view.openSource(level: 0) }
  }

  @Test func anArrayThatIsNotTheRecordedOneIsRefused() throws {
    let folder = try ViewsTestFolder()
    let view = try source(folder)
    try folder.array("raw", shape: [2, 3, 5], chunks: [1, 2, 2], type: ">u2")
    let shape = #expect(throws: ViewsError.self) { try view.openSource(level: 0) }
    #expect(shape?.code.rawValue == "input-changed")
    #expect(shape?.description.contains("shape") == true)
    try folder.array("raw", shape: [2, 3, 4], chunks: [1, 2, 2], type: "|u1")
    #expect(throws: ViewsError.self) { try view.openSource(level: 0) }
    try folder.array("raw", shape: [3, 4], chunks: [2, 2], type: ">u2")
    #expect(throws: ViewsError.self) { try view.openSource(level: 0) }
  }

  /// A job of an earlier version has recorded the chunk as it is stored; a job of now its parts.
  @Test func aLargeChunkIsReadAsItWasRecorded() throws {
    let folder = try ViewsTestFolder()
    try folder.array("raw", shape: [3, 4096, 2048], chunks: [3, 4096, 2048])
    try folder.write("raw/0/0/0", Data())
    try #require(truncate(folder.path + "/raw/0/0/0", 3 * 4096 * 2048 * 2) == 0)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path + "/raw/0/0/0"))
    try handle.seek(toOffset: UInt64(2 * ((2 * 4096 + 4095) * 2048 + 2047)))
    try handle.write(contentsOf: Data([7, 1]))
    let now = try folder.load(
      #"{"name": "v", "path": "raw", "axes": ["z", "y", "x"], "spacing": {"z": 1, "y": 1, "x": 1}, "origin": {"z": 0, "y": 0, "x": 0}}"#
    ).views[0].levels[0]
    #expect(now.chunk == TCZYX(z: 1, y: 1024, x: 2048) && now.storesChunks == false)
    let before = ViewLevel(
      arrayPath: now.arrayPath, stack: now.stack, shape: now.shape, chunk: TCZYX(z: 3, y: 4096, x: 2048), elementType: now.elementType,
      codecSummary: now.codecSummary, axes: now.axes)
    for (level, last) in [(now, TCZYX(t: 0, c: 0, z: 2, y: 3, x: 0)), (before, TCZYX(t: 0, c: 0, z: 0, y: 0, x: 0))] {
      let source = try ArrayImageSource(view: "v", level: level)
      #expect(source.chunk == level.chunk)
      var voxels = [UInt8](repeating: 9, count: source.chunkByteCount)
      let presence = try voxels.withUnsafeMutableBytes { try source.readChunk(last, into: $0, context: CodecContext()) }
      #expect(presence == .present(storedByteCount: source.chunkByteCount))
      #expect(voxels.suffix(4) == [0, 0, 7, 1])
      #expect(source.folders(ofChunk: last) == ["0/0", "0", "."])
      #expect(try source.mayHoldVoxels(t: 0, c: 0, chunks: Box3(lower: last.zyx, upper: last.zyx &+ 1)))
    }
  }
}
