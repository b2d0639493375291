import Diagnostics
import Geometry
import TestSupport
import Testing
import Zarr

/// Arrays of zarr-python and tensorstore, voxel for voxel.
@Suite struct FixtureTests {
  static let types: [(String, ElementType)] = [
    ("u1", .uint8), ("i1", .int8), ("u2", .uint16), ("i2", .int16), ("u4", .uint32), ("i4", .int32), ("u8", .uint64),
    ("i8", .int64), ("f2", .float16), ("f4", .float32), ("f8", .float64), ("big_u2", .uint16), ("big_i4", .int32),
    ("big_u8", .uint64), ("big_f2", .float16), ("big_f4", .float32), ("big_f8", .float64),
  ]

  static let bloscs = ["lz4", "lz4hc", "zstd", "zlib", "blosclz"].flatMap { codec in
    (0...2).map { "v2_blosc_\(codec)_\($0)" }
  }

  static let v2 = ["raw", "dot", "zlib", "gzip", "zstd_checksum", "lz4", "delta", "raw_big_order_f"].map { "v2_" + $0 }

  static let v3 = [
    "default", "big_gzip", "raw_crc32c", "crc32c_zstd_crc32c", "zstd_then_gzip", "blosc", "transpose",
    "transpose_twice_big", "keys_v2", "keys_v2_slash", "keys_default_dot",
  ].map { "v3_" + $0 }

  static let shards = [
    "shard_end", "shard_start", "shard_then_gzip", "shard_nested", "tensorstore_shard", "tensorstore_transposed_shard",
  ].map { "v3_" + $0 }

  @Test(arguments: types) func everyType(name: String, type: ElementType) throws {
    try check("v2_" + name, type: type)
  }

  @Test(arguments: bloscs + v2 + v3) func everyEncoding(name: String) throws {
    try check(name, type: .uint16)
  }

  @Test(arguments: [
    ("v2_order_f_f8", ElementType.float64), ("v2_delta_i1_i4", .int16), ("v2_delta_big_f4", .float32),
    ("v3_u1", .uint8), ("v3_f2_big", .float16),
  ])
  func otherTypes(name: String, type: ElementType) throws {
    try check(name, type: type)
  }

  @Test(arguments: shards) func everyShard(name: String) throws {
    let array = try check(name, type: .uint16, shape: [5, 7, 6])
    let isPacked = name == "v3_shard_then_gzip"
    #expect(array.shardShape == (isPacked ? nil : [4, 4, 6]))
    #expect(array.chunkShape == (isPacked ? [4, 4, 6] : [2, 2, 3]))
    #expect(array.chunksPerBlock == (isPacked ? [1, 1, 1] : [2, 2, 2]))
    #expect(array.blockGrid == [2, 2, 1])
    let context = CodecContext()
    for block in positions(array.blockGrid) {
      let byteCount = try array.verifyBlock(block, context: context)
      #expect(byteCount == (try fileBytes(array.path + "/" + array.blockFile(block)).count))
    }
  }

  @Test func shardWithMissingInnerChunks() throws {
    let array = try ZarrArray.open(fixture("v3_shard_missing_inner"))
    let elements = try readAll(array)
    for at in positions([5, 7, 6]) {
      let expected = at[0] < 2 && at[2] < 3 ? fixtureElement(linear(at, [5, 7, 6]), .uint16) : [3, 0]
      #expect(elements[linear(at, [5, 7, 6])] == expected)
    }
    #expect(try readChunk(array, [0, 0, 0]) != nil)
    #expect(try readChunk(array, [0, 0, 1]) == nil && readChunk(array, [2, 0, 0]) == nil)
    // the shard is whole although most of it is empty
    #expect(try array.verifyBlock([0, 0, 0], context: CodecContext()) > 0)
    #expect(zarrError { _ = try array.verifyBlock([1, 0, 0], context: CodecContext()) }?.code.rawValue == "chunk-missing")
  }

  @Test(arguments: [
    ("v2_missing_fill_7", ElementType.uint16, [7, 0] as [UInt8]),
    ("v2_missing_fill_u8_max", .uint64, [UInt8](repeating: 255, count: 8)),
    ("v2_missing_fill_nan", .float32, [0, 0, 0xC0, 0x7F]),
    ("v2_missing_fill_minus_infinity", .float16, [0, 0xFC]),
    ("v3_fill_hex_missing", .float32, [1, 0, 0xC0, 0x7F]),
  ])
  func missingChunksAreFill(name: String, type: ElementType, fill: [UInt8]) throws {
    let array = try ZarrArray.open(fixture(name))
    #expect(array.fill == fill)
    let elements = try readAll(array)
    for (i, element) in elements.enumerated() {
      #expect(element == (i < 40 ? fixtureElement(i, type) : fill), "element \(i)")
    }
  }

  @discardableResult
  private func check(_ name: String, type: ElementType, shape: [Int] = [3, 5, 4]) throws -> ZarrArray {
    let array = try ZarrArray.open(fixture(name))
    #expect(array.elementType == type)
    #expect(array.shape == shape)
    #expect(array.zarrFormat == (name.hasPrefix("v2") ? 2 : 3))
    let elements = try readAll(array)
    for i in elements.indices { #expect(elements[i] == fixtureElement(i, type), "element \(i)") }
    return array
  }
}
