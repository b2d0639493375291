import Diagnostics
import Geometry
import Testing
import Zarr

@Suite struct EncodeTests {
  private func array(_ compressor: Compressor) throws -> ZarrArray {
    try ZarrArray(
      path: "a",
      spec: ArraySpec(
        zarrFormat: 2, shape: [64], chunkShape: [2048], elementType: .uint16, compressor: compressor))
  }

  private func encode(_ array: ZarrArray, _ raw: [UInt8], _ context: CodecContext) throws -> [UInt8] {
    defer { withExtendedLifetime(context) {} }
    return try raw.withUnsafeBytes { Array(try array.encodeChunk($0, context: context)) }
  }

  @Test(arguments: ArraySpecTests.compressors) func equalInputGivesEqualBytes(compressor: Compressor) throws {
    let array = try array(compressor)
    let (first, second) = (noise(byteCount: 4096, seed: 1), noise(byteCount: 4096, seed: 2))
    let fresh = try encode(array, first, CodecContext())
    let used = CodecContext()
    _ = try encode(try self.array(.zstd(level: 7)), second, used)
    _ = try encode(try self.array(.gzip(level: 2)), second, used)
    _ = try encode(array, second, used)
    #expect(try encode(array, first, used) == fresh)
    #expect(try encode(array, second, used) != fresh)
  }

  @Test func framesCarrySizeAndChecksum() throws {
    let bytes = try encode(try array(.zstd(level: 1)), noise(byteCount: 4096), CodecContext())
    #expect(Array(bytes[0..<4]) == [0x28, 0xB5, 0x2F, 0xFD])
    // single segment with a 2-byte content size, and a checksum
    #expect(bytes[4] == 0x64)
    #expect(Array(bytes[5..<7]) == littleEndian(UInt16(4096 - 256)))
  }

  @Test func gzipHasNoTimeStamp() throws {
    let bytes = try encode(try array(.gzip(level: 1)), noise(byteCount: 4096), CodecContext())
    #expect(Array(bytes[0..<8]) == [0x1F, 0x8B, 8, 0, 0, 0, 0, 0])
  }

  @Test func uncompressedIsNotCopied() throws {
    let array = try array(.none)
    let raw = noise(byteCount: 4096)
    raw.withUnsafeBytes { bytes in
      let encoded = try? array.encodeChunk(bytes, context: CodecContext())
      #expect(encoded?.baseAddress == bytes.baseAddress && encoded?.count == 4096)
    }
  }

  @Test func refusesWrongBuffersAndArraysOpenedToRead() throws {
    let context = CodecContext()
    let array = try array(.zstd(level: 1))
    let expected = ZarrError.bufferMismatch(expectedByteCount: 4096, actualByteCount: 100)
    #expect(zarrError { _ = try encode(array, noise(byteCount: 100), context) } == expected)
    let opened = try ZarrArray.open(fixture("v2_raw"))
    let code = zarrError { _ = try encode(opened, noise(byteCount: opened.chunkByteCount), context) }?.code.rawValue
    #expect(code == "format-unsupported")
  }
}
