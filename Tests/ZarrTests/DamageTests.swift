import Diagnostics
import Foundation
import Geometry
import TestSupport
import Testing
import Zarr

/// What is not as it should be is an error that names chunk and file; never fill, never other chunks.
@Suite struct DamageTests {
  /// Fixtures of every packer, with the file of chunk 0, 0, 0.
  static let files = [
    ("v2_raw", "0/0/0"), ("v2_zstd_checksum", "0/0/0"), ("v2_gzip", "0/0/0"), ("v2_zlib", "0/0/0"), ("v2_lz4", "0/0/0"),
    ("v2_blosc_lz4_1", "0/0/0"), ("v2_blosc_zstd_2", "0/0/0"), ("v2_delta", "0/0/0"), ("v3_default", "c/0/0/0"),
    ("v3_raw_crc32c", "c/0/0/0"), ("v3_crc32c_zstd_crc32c", "c/0/0/0"), ("v3_zstd_then_gzip", "c/0/0/0"),
    ("v3_shard_then_gzip", "c/0/0/0"),
  ]

  /// Those whose every bit is covered by a checksum.
  static let checked = ["v2_zstd_checksum", "v2_gzip", "v2_zlib", "v3_raw_crc32c", "v3_crc32c_zstd_crc32c"]

  @Test(arguments: files) func truncatedOrEmpty(name: String, file: String) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = try folder.copy(fixture(name))
    let whole = try fileBytes(path + "/" + file)
    let array = try ZarrArray.open(path)
    for count in Set([0, 1, whole.count / 2, whole.count - 4, whole.count - 1]) {
      try change(path + "/" + file) { $0 = Array(whole[..<count]) }
      expectDamage(array, file, "\(count) of \(whole.count) bytes")
    }
  }

  @Test(arguments: files) func bytesAfterTheEnd(name: String, file: String) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = try folder.copy(fixture(name))
    let whole = try fileBytes(path + "/" + file)
    let array = try ZarrArray.open(path)
    for garbage in [[0], [1, 2, 3], [UInt8](repeating: 0, count: 64), whole] as [[UInt8]] {
      // twice the file is a longer shard, whose index is right
      if name == "v3_shard_then_gzip", garbage == whole { continue }
      try change(path + "/" + file) { $0 = whole + garbage }
      expectDamage(array, file, "\(garbage.count) more")
    }
  }

  @Test(arguments: checked) func alteredBits(name: String) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = try folder.copy(fixture(name))
    let file = name.hasPrefix("v3") ? "c/0/0/0" : "0/0/0"
    let whole = try fileBytes(path + "/" + file)
    let array = try ZarrArray.open(path)
    let raw = try readChunk(try ZarrArray.open(fixture(name)), [0, 0, 0])
    for at in whole.indices {
      // a gzip header has bytes without meaning: time, flags that say how hard it tried, operating system
      if name == "v2_gzip", 4..<10 ~= at { continue }
      try change(path + "/" + file) {
        $0 = whole
        $0[at] ^= 0x10
      }
      // some bits of a header say the same thing in another way; then the content must still be right
      if let bytes = try? readChunk(array, [0, 0, 0]) {
        #expect(bytes == raw && at < 16, "byte \(at)")
      } else {
        expectDamage(array, file, "byte \(at)")
      }
    }
  }

  @Test func aChunkOfAnotherSize() throws {
    for compressor in [
      Compressor.none, .zstd(level: 1), .gzip(level: 1), .blosc(codec: .lz4, level: 5, shuffle: .byte),
    ] {
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      var spec = ArraySpec(
        zarrFormat: 2, shape: [8], chunkShape: [16], elementType: .uint16, compressor: compressor)
      _ = try write(spec, to: folder.path) { _ in noise(byteCount: 32) }
      for length in [15, 17, 8, 32] {
        spec.chunkShape = [length]
        expectDamage(try ZarrArray(path: folder.path, spec: spec), "0", "\(compressor) read as \(length)")
      }
    }
  }

  /// The library trusts the header of incompressible data and would read past the end.
  @Test func bloscThatHoldsRawBytes() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let spec = ArraySpec(
      zarrFormat: 2, shape: [64], chunkShape: [64], elementType: .uint8,
      compressor: .blosc(codec: .lz4, level: 0, shuffle: .none))
    let array = try write(spec, to: folder.path) { _ in noise(byteCount: 64) }
    let file = folder.path + "/0"
    let whole = try fileBytes(file)
    #expect(whole.count == 80)
    for edit in [
      { (bytes: inout [UInt8]) in bytes.removeLast(3) },
      { bytes in
        bytes.replaceSubrange(12..<16, with: littleEndian(UInt32(77)))
        bytes.removeLast(3)
      },
      { bytes in bytes.replaceSubrange(4..<8, with: littleEndian(UInt32(65))) },
      { bytes in bytes.replaceSubrange(4..<8, with: littleEndian(UInt32.max)) },
      { bytes in bytes.replaceSubrange(12..<16, with: littleEndian(UInt32(81))) },
      { bytes in bytes[0] = 99 },
      { bytes in bytes[3] = 0 },
    ] as [(inout [UInt8]) -> Void] {
      try change(file) {
        $0 = whole
        edit(&$0)
      }
      expectDamage(array, "0", "header")
    }
  }

  @Test func severalMembersAreOneChunk() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for compressor in [Compressor.zstd(level: 1), .gzip(level: 1)] {
      var spec = ArraySpec(zarrFormat: 2, shape: [16], chunkShape: [8], elementType: .uint16, compressor: compressor)
      let half = try ZarrArray(path: folder.path, spec: spec)
      let context = CodecContext()
      defer { withExtendedLifetime(context) {} }
      let raw = noise(byteCount: 32)
      let parts = try [raw[0..<16], raw[16..<32]].map { part in
        try Array(part).withUnsafeBytes { Array(try half.encodeChunk($0, context: context)) }
      }
      try folder.write(parts[0] + parts[1], to: "0")
      spec.chunkShape = [16]
      #expect(try readChunk(try ZarrArray(path: folder.path, spec: spec), [0]) == raw)
    }
  }

  @Test func theFileOfAChunkIsAFolder() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = try folder.copy(fixture("v2_raw"))
    try FileManager.default.removeItem(atPath: path + "/0/0/0")
    try FileManager.default.createDirectory(atPath: path + "/0/0/0", withIntermediateDirectories: true)
    #expect(zarrError { _ = try readChunk(try ZarrArray.open(path), [0, 0, 0]) }?.code.rawValue == "io-failed")
  }

  @Test func anArrayThatIsGoneIsNotBackground() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = try folder.copy(fixture("v2_raw"))
    let array = try ZarrArray.open(path)
    try FileManager.default.removeItem(atPath: path)
    #expect(zarrError { _ = try readChunk(array, [0, 0, 0]) } == .arrayMissing(path: path))
  }

  /// As of a disk that was unmounted from it.
  @Test(arguments: ["v2_raw", "v3_default"]) func anEmptyFolderIsNoBackground(name: String) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = try folder.copy(fixture(name))
    let array = try ZarrArray.open(path)
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let index = array.shape.map { _ in 0 }
    #expect(zarrError { _ = try readChunk(array, index) } == .arrayMissing(path: path))
    #expect(zarrError { _ = try array.anyStored(in: array.chunkGrid.map { 0..<$0 }) } == .arrayMissing(path: path))
  }

  /// What is known to have a file is no background without.
  @Test func aRecordedChunkHasItsFile() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = try folder.copy(fixture("v2_raw"))
    let array = try ZarrArray.open(path)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: array.chunkByteCount, alignment: 16)
    defer { buffer.deallocate() }
    let context = CodecContext()
    #expect(try array.readRecordedChunk([0, 0, 0], into: buffer, context: context) != .missing)
    try FileManager.default.removeItem(atPath: path + "/0/0/0")
    #expect(try array.readChunk([0, 0, 0], into: buffer, context: context) == .missing)
    #expect(
      zarrError { _ = try array.readRecordedChunk([0, 0, 0], into: buffer, context: context) }
        == .chunkMissing(chunk: [0, 0, 0], path: path + "/0/0/0"))
  }

  @Test func positionsOutsideTheGrid() throws {
    let array = try ZarrArray.open(fixture("v2_raw"))
    for index in [[2, 0, 0], [-1, 0, 0], [0, 0], []] {
      #expect(zarrError { _ = try readChunk(array, index) }?.code.rawValue == "chunk-outside")
      #expect(zarrError { _ = try array.verifyBlock(index, context: CodecContext()) }?.code.rawValue == "chunk-outside")
    }
    var short = [UInt8](repeating: 0, count: 3)
    let error = zarrError {
      _ = try short.withUnsafeMutableBytes { try array.readChunk([0, 0, 0], into: $0, context: CodecContext()) }
    }
    #expect(error == .bufferMismatch(expectedByteCount: 60, actualByteCount: 3))
  }

  private func expectDamage(_ array: ZarrArray, _ file: String, _ what: String) {
    let index = [Int](repeating: 0, count: array.shape.count)
    let read = zarrError { _ = try readChunk(array, index) }
    guard case .chunkDamaged(index, let path, _) = read else {
      Issue.record("\(what): \(read as Any)")
      return
    }
    #expect(path == array.path + "/" + file && read?.isTransient == false)
    #expect(zarrError { _ = try array.verifyBlock(index, context: CodecContext()) }?.code.rawValue == "chunk-damaged", "\(what)")
  }
}
