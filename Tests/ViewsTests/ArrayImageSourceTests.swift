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
}
