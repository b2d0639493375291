import Diagnostics
import Foundation
import Geometry
import HDF5
import Testing
import Zarr

/// Data sets of every layout, as libhdf5 writes them, read by us.
@Suite struct HDF5ArrayTests {
  /// 5 x 7 x 6 elements: more than whole chunks of 2 x 4 x 6 along two axes.
  static let shape = [5, 7, 6]
  static let chunk = [2, 4, 6]

  @Test(arguments: [
    (HDF5TestType.uint16, ElementType.uint16), (.uint16Big, .uint16), (.int16, .int16), (.int8, .int8), (.uint64, .uint64),
    (.float32, .float32), (.float64Big, .float64),
  ])
  func contiguousAndChunked(type: HDF5TestType, element: ElementType) throws {
    let file = try HDF5TestFile()
    let voxels = bytes(element.byteCount)
    try file.add("plain", shape: Self.shape, type: type, voxels: voxels)
    try file.add("chunked", shape: Self.shape, type: type, chunk: Self.chunk, voxels: voxels)
    try file.add("group", shape: [1], type: type)
    file.close()
    let isBig = type == .uint16Big || type == .float64Big
    for name in ["plain", "chunked"] {
      let array = try open(file, name)
      #expect(array.shape == Self.shape && array.elementType == element && array.storesChunks == (name == "chunked"))
      #expect(array.chunkShape == (name == "plain" ? Self.shape : Self.chunk))
      #expect(try read(array) == (isBig ? swapped(voxels, element.byteCount) : voxels), "\(name)")
    }
  }

  /// A volume that is larger than a piece is cut into rows.
  @Test func aLargeVolumeInOnePiece() throws {
    let file = try HDF5TestFile()
    let voxels = bytes(2, count: 1200 * 500)
    try file.add("volume", shape: [1200, 500], voxels: voxels)
    file.close()
    let array = try open(file, "volume")
    #expect(array.chunkShape == [1048, 500])
    let pieces = try [readChunk(array, [0, 0]), readChunk(array, [1, 0])].map { try #require($0) }
    #expect(pieces[0] + pieces[1].prefix(152_000) == voxels)
  }

  @Test func whatLiesBehindAUserBlock() throws {
    let file = try HDF5TestFile(userBlock: 1024)
    try file.add("plain", shape: Self.shape, voxels: bytes(2))
    try file.add("chunked", shape: Self.shape, chunk: Self.chunk, filters: [.init(id: 1, values: [4])], voxels: bytes(2))
    file.close()
    #expect(HDF5File.isThere(file.path) && !HDF5File.isThere(file.folder))
    #expect(try read(open(file, "plain")) == bytes(2) && read(open(file, "chunked")) == bytes(2))
  }

  // MARK: What is not stored

  @Test func missingChunksAreTheFill() throws {
    let file = try HDF5TestFile()
    let one = bytes(2, count: 48)
    try file.add(
      "some", shape: Self.shape, chunk: Self.chunk, fill: [7, 0], chunks: [(at: [2, 4, 0], bytes: one, skipped: 0)])
    try file.add("big", shape: Self.shape, type: .uint16Big, chunk: Self.chunk, fill: [1, 2])
    try file.add("none", shape: Self.shape, chunk: Self.chunk)
    try file.add("unwritten", shape: Self.shape, fill: [9, 0])
    file.close()
    let some = try open(file, "some")
    #expect(some.fill == [7, 0])
    #expect(try readChunk(some, [1, 1, 0]) == one && readChunk(some, [0, 0, 0]) == nil && readChunk(some, [2, 1, 0]) == nil)
    #expect(try some.anyStored(in: [0..<3, 0..<2, 0..<1]) && !some.anyStored(in: [0..<1, 0..<2, 0..<1]))
    let big = try open(file, "big")
    #expect(try big.fill == [2, 1] && readChunk(big, [0, 0, 0]) == nil)
    #expect(try open(file, "none").fill == [0, 0])
    // in one piece, of which nothing was ever written: libhdf5 says what it is
    let unwritten = try read(open(file, "unwritten"))
    #expect(unwritten.count == 420 && unwritten.enumerated().allSatisfy { $0.element == ($0.offset % 2 == 0 ? 9 : 0) })
  }

  /// BigDataViewer has no unsigned integers in its files.
  @Test func signedIntegersThatAreUnsigned() throws {
    let file = try HDF5TestFile()
    try file.add("cells", shape: [2], type: .int16, voxels: [0xFF, 0xFF, 1, 0])
    file.close()
    let opened = try HDF5File.open(file.path)
    #expect(try HDF5Array.open(opened, "cells").elementType == .int16)
    #expect(try HDF5Array.open(opened, "cells", readsSignedAsUnsigned: true).elementType == .uint16)
  }

  @Test func whatIsInAFile() throws {
    let file = try HDF5TestFile()
    let other = try HDF5TestFile("other.h5")
    try other.add("volume", shape: Self.shape, voxels: bytes(2))
    try file.add("table", shape: [2, 3], type: .int8, voxels: [1, 2, 3, 4, 5, 6])
    try file.link("link", to: other.path, "volume")
    file.close()
    other.close()
    let opened = try HDF5File.open(file.path)
    #expect(try opened.kind("table") == .dataset && opened.kind("/") == .group && opened.kind("nothing") == nil)
    #expect(opened.linkedFile("link") == other.path && opened.linkedFile("table") == nil)
    #expect(try opened.table("table") == [[1, 2, 3], [4, 5, 6]])
    let array = try HDF5Array.open(opened, "link")
    #expect(try array.path == other.path && read(array) == bytes(2))
    try FileManager.default.removeItem(atPath: other.path)
    #expect(try HDF5File.open(file.path).problem("table") == nil)
  }

  // MARK: What is wrong

  @Test(arguments: [HDF5TestType.bits, .text, .twelveBits]) func typesThatAreRefused(type: HDF5TestType) throws {
    let file = try HDF5TestFile()
    try file.add("a", shape: [4], type: type)
    file.close()
    #expect(error { _ = try open(file, "a") }?.code.rawValue == "format-unsupported")
  }

  @Test func shapesThatAreRefused() throws {
    let file = try HDF5TestFile()
    try file.add("empty", shape: [4, 0], chunk: [2, 2])
    try file.add("nine", shape: [Int](repeating: 1, count: 9))
    file.close()
    #expect(error { _ = try open(file, "empty") }?.code.rawValue == "metadata-invalid")
    #expect(error { _ = try open(file, "nine") }?.description.contains("dimensions") == true)
    #expect(error { _ = try open(file, "nothing") }?.description.contains("nothing") == true)
    #expect(error { _ = try HDF5File.open(file.path + "x") }?.code.rawValue == "io-failed")
  }

  @Test func filesThatAreCutShort() throws {
    for filters in [[], [HDF5TestFile.Filter(id: 1, values: [1])]] as [[HDF5TestFile.Filter]] {
      for chunk in filters.isEmpty ? [nil, Self.chunk] : [Self.chunk] {
        let file = try HDF5TestFile()
        try file.add("volume", shape: Self.shape, chunk: chunk, filters: filters, voxels: bytes(2))
        file.close()
        // while it is in use
        let array = try open(file, "volume")
        let whole = file.byteCount
        try file.cut(to: whole / 4)
        #expect(error { _ = try read(array) }?.code.rawValue == "chunk-damaged", "\(chunk ?? []) \(filters.count)")
        withExtendedLifetime(array) {}
      }
    }
    // before
    let file = try HDF5TestFile()
    try file.add("volume", shape: Self.shape, voxels: bytes(2))
    file.close()
    try file.cut(to: file.byteCount - 10)
    #expect(error { _ = try open(file, "volume") }?.description.contains(file.path) == true)
  }

  @Test func buffersAndPlacesThatDoNotFit() throws {
    let file = try HDF5TestFile()
    try file.add("volume", shape: Self.shape, chunk: Self.chunk, voxels: bytes(2))
    file.close()
    let array = try open(file, "volume")
    #expect(error { _ = try readChunk(array, [3, 0, 0]) }?.code.rawValue == "chunk-outside")
    #expect(error { _ = try readChunk(array, [0, 0]) }?.code.rawValue == "chunk-outside")
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
    defer { memory.deallocate() }
    #expect(error { _ = try array.readChunk([0, 0, 0], into: memory, context: CodecContext()) }?.code.rawValue == "buffer-mismatch")
  }
}
