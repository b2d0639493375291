import Diagnostics
import Foundation
import Geometry
import TestSupport
import Testing
import Zarr

@Suite struct ShardTests {
  /// 2 x 3 inner chunks of 8 elements in one shard; the last is empty.
  private func shard() throws -> (folder: TemporaryFolder, array: ZarrArray, file: String) {
    let folder = try TemporaryFolder()
    let spec = ArraySpec(
      zarrFormat: 3, shape: [4, 12], chunkShape: [2, 4], shardShape: [4, 12], elementType: .uint16,
      compressor: .zstd(level: 1))
    _ = try write(spec, to: folder.path) { $0 == [1, 2] ? nil : Self.content($0) }
    return (folder, try ZarrArray.open(folder.path), folder.path + "/c/0/0")
  }

  private static func content(_ index: [Int]) -> [UInt8] { noise(byteCount: 16, seed: UInt64(linear(index, [2, 3]))) }

  /// Changes an entry of the index and makes the checksum right again.
  private func changeEntry(_ file: String, _ position: Int, offset: UInt64, count: UInt64) throws {
    try change(file) { bytes in
      let start = bytes.count - 100
      bytes.replaceSubrange(
        (start + position * 16)..<(start + position * 16 + 16), with: littleEndian(offset) + littleEndian(count))
      let crc = bytes[start..<(start + 96)].withUnsafeBytes { Crc32c.checksum($0) }
      bytes.replaceSubrange((start + 96)..., with: littleEndian(crc))
    }
  }

  @Test func layoutOnDisk() throws {
    let (folder, array, file) = try shard()
    defer { folder.remove() }
    let bytes = try fileBytes(file)
    #expect(array.blockFile([0, 0]) == "c/0/0")
    var builder = ShardBuilder(chunkCount: 6)
    let dataByteCount = bytes.count - 100
    #expect(Array(bytes.suffix(20).prefix(16)) == [UInt8](repeating: 255, count: 16))
    // inner chunks follow each other in C order without gaps
    var offset: UInt64 = 0
    for i in 0..<5 {
      let entry = Array(bytes[(dataByteCount + i * 16)..<(dataByteCount + i * 16 + 16)])
      #expect(Array(entry[0..<8]) == littleEndian(offset))
      let count = entry[8..<16].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      offset += count
      builder.append(encodedByteCount: Int(count))
    }
    #expect(offset == UInt64(dataByteCount))
    #expect(zarrError { _ = try builder.finish() } == .shardIncomplete(expectedChunkCount: 6, appendedChunkCount: 5))
    builder.append(encodedByteCount: nil)
    #expect(try builder.finish() == Array(bytes.suffix(100)))
    #expect(builder.byteCount == dataByteCount && !builder.isEmpty)
    #expect(try array.readChunkPresence([0, 1]).isPresent && array.readChunkPresence([1, 2]) == .missing)
  }

  @Test func anEmptyShardHasNoFile() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let spec = ArraySpec(
      zarrFormat: 3, shape: [4], chunkShape: [2], shardShape: [2], elementType: .uint16, compressor: .none)
    let array = try write(spec, to: folder.path) { $0 == [0] ? nil : [1, 2, 3, 4] }
    #expect(folder.files == ["c/1", "zarr.json"])
    #expect(try readChunk(array, [0]) == nil)
  }

  @Test func damagedIndex() throws {
    let (folder, array, file) = try shard()
    defer { folder.remove() }
    let whole = try fileBytes(file)
    var damaged: [[UInt8]] = [[], Array(whole.prefix(99)), Array(whole.dropLast()), whole + [0]]
    for at in (whole.count - 100)..<whole.count {
      var bytes = whole
      bytes[at] ^= 1
      damaged.append(bytes)
    }
    for bytes in damaged {
      try change(file) { $0 = bytes }
      for index in [[0, 0], [1, 2]] {
        guard case .shardDamaged([0, 0], file, _) = zarrError({ _ = try readChunk(array, index) }) else {
          Issue.record("no error for \(bytes.count) bytes")
          return
        }
      }
      #expect(zarrError { _ = try array.verifyBlock([0, 0], context: CodecContext()) }?.code.rawValue == "shard-damaged")
    }
  }

  @Test(
    arguments: [
      (1 << 40, 5), (0, 1 << 40), (UInt64.max - 3, 5), (UInt64.max - 1, 1), (0, UInt64.max), (UInt64.max, 0), (0, 0),
    ] as [(UInt64, UInt64)])
  func entriesOutsideTheFile(offset: UInt64, count: UInt64) throws {
    let (folder, array, file) = try shard()
    defer { folder.remove() }
    try changeEntry(file, 1, offset: offset, count: count)
    guard case .chunkDamaged([0, 1], file, let reason) = zarrError({ _ = try readChunk(array, [0, 1]) }) else {
      Issue.record("no error")
      return
    }
    #expect(reason.contains("index"))
    #expect(zarrError { _ = try array.verifyBlock([0, 0], context: CodecContext()) }?.code.rawValue == "chunk-damaged")
    // the others are unharmed
    #expect(try readChunk(array, [0, 0]) == Self.content([0, 0]))
    #expect(try readChunk(array, [1, 1]) == Self.content([1, 1]))
  }

  @Test func damagedInnerChunk() throws {
    let (folder, array, file) = try shard()
    defer { folder.remove() }
    let second = try array.readChunkPresence([0, 0]).byteCount + 6
    try change(file) { $0[second] ^= 0xFF }
    guard case .chunkDamaged([0, 1], file, _) = zarrError({ _ = try readChunk(array, [0, 1]) }) else {
      Issue.record("no error")
      return
    }
    #expect(try readChunk(array, [0, 0]) == Self.content([0, 0]))
    #expect(zarrError { _ = try array.verifyBlock([0, 0], context: CodecContext()) }?.code.rawValue == "chunk-damaged")
  }

  /// A cached index must not outlive its file.
  @Test func aShardThatIsWrittenAgainIsReadAgain() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let spec = ArraySpec(
      zarrFormat: 3, shape: [8], chunkShape: [4], shardShape: [8], elementType: .uint8, compressor: .none)
    let array = try write(spec, to: folder.path) { _ in [1, 2, 3, 4] }
    #expect(try readChunk(array, [1]) == [1, 2, 3, 4])
    _ = try write(spec, to: folder.path) { $0 == [0] ? nil : [5, 6, 7, 8] }
    #expect(try readChunk(array, [0]) == nil)
    #expect(try readChunk(array, [1]) == [5, 6, 7, 8])
  }
}

extension ZarrArray {
  fileprivate func readChunkPresence(_ index: [Int]) throws -> ChunkPresence {
    var bytes = [UInt8](repeating: 0, count: chunkByteCount)
    return try bytes.withUnsafeMutableBytes { try readChunk(index, into: $0, context: CodecContext()) }
  }
}

extension ChunkPresence {
  fileprivate var isPresent: Bool { self != .missing }
  fileprivate var byteCount: Int {
    if case .present(let storedByteCount) = self { storedByteCount } else { 0 }
  }
}
