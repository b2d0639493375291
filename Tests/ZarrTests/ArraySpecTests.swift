import Diagnostics
import Foundation
import Geometry
import JSON
import TestSupport
import Testing
import Zarr

@Suite struct ArraySpecTests {
  static let compressors: [Compressor] =
    [.none, .zstd(level: 0), .zstd(level: -5), .zstd(level: 19), .gzip(level: 0), .gzip(level: 9)]
    + BloscCodec.allCases.flatMap { codec in
      BloscShuffle.allCases.map { .blosc(codec: codec, level: 5, shuffle: $0) }
    } + [.blosc(codec: .lz4, level: 0, shuffle: .byte)]

  @Test(arguments: compressors) func roundTrip(compressor: Compressor) throws {
    for (format, shard) in [(2, nil), (3, nil), (3, [4, 8, 12])] as [(Int, [Int]?)] {
      let spec = ArraySpec(
        zarrFormat: format, shape: [7, 9, 8], chunkShape: [4, 4, 6], shardShape: shard, elementType: .uint16,
        compressor: compressor, dimensionNames: ["z", "y", "x"], attributes: ["made": "here"])
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      // one chunk in three is left out
      let chunk = { (index: [Int]) -> [UInt8]? in
        index.reduce(0, +) % 3 == 2 ? nil : noise(byteCount: 192, seed: UInt64(linear(index, [2, 3, 2])))
      }
      let written = try write(spec, to: folder.path, chunk: chunk)
      let read = try ZarrArray.open(folder.path)
      #expect(read.codecSummary == written.codecSummary)
      #expect(read.attributes == (format == 3 ? ["made": "here"] : ["made": "here", "_ARRAY_DIMENSIONS": ["z", "y", "x"]]))
      #expect(read.shape == spec.shape && read.chunkShape == spec.chunkShape && read.shardShape == shard)
      #expect(read.dimensionNames == (format == 3 ? ["z", "y", "x"] : nil))
      #expect(!folder.files.contains { $0.hasSuffix(".tmp") })
      for index in positions(read.chunkGrid) {
        #expect(try readChunk(read, index) == chunk(index), "\(compressor) v\(format) \(index)")
        #expect(try readChunk(written, index) == chunk(index))
      }
      for block in positions(read.blockGrid) where folder.files.contains(read.blockFile(block)) {
        #expect(try read.verifyBlock(block, context: CodecContext()) > 0)
      }
    }
  }

  /// In v3 whatever bit is flipped is noticed by every reader; in v2 what the compressor cannot tell is said to be so.
  @Test(arguments: [Compressor.none, .zstd(level: 1), .gzip(level: 1), .blosc(codec: .lz4, level: 5, shuffle: .byte)])
  func aFlippedBitIsNoticed(compressor: Compressor) throws {
    for (format, shard) in [(2, nil), (3, nil), (3, [8, 8])] as [(Int, [Int]?)] {
      let spec = ArraySpec(
        zarrFormat: format, shape: [8, 8], chunkShape: [4, 8], shardShape: shard, elementType: .uint16,
        compressor: compressor)
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      let raw = noise(byteCount: 64)
      let array = try write(spec, to: folder.path) { _ in raw }
      let file = URL(fileURLWithPath: folder.path + "/" + array.blockFile([0, 0]))
      let whole = try Data(contentsOf: file)
      var checksum = FileChecksum()
      whole.withUnsafeBytes { checksum.append($0) }
      let sum = checksum.value
      #expect(try array.verifyBlock([0, 0], checksum: sum, context: CodecContext()) == whole.count)
      for byte in whole.indices {
        var damaged = whole
        damaged[byte] ^= 0x10
        try damaged.write(to: file)
        // bits in the headers of zstd and gzip may mean nothing
        if array.carriesChecksums, zarrError({ _ = try array.verifyBlock([0, 0], context: CodecContext()) }) == nil {
          #expect(compressor.hasHeader, "v\(format) byte \(byte)")
          #expect(try readChunk(array, [0, 0]) == raw)
        }
        let error = zarrError { _ = try array.verifyBlock([0, 0], checksum: sum, context: CodecContext()) }
        #expect(error?.code.rawValue == "chunk-damaged", "v\(format) byte \(byte)")
      }
      #expect(array.carriesChecksums == (format == 3 || compressor == .zstd(level: 1) || compressor == .gzip(level: 1)))
    }
  }

  @Test(arguments: ElementType.allCases) func everyElementType(type: ElementType) throws {
    for format in [2, 3] {
      let spec = ArraySpec(
        zarrFormat: format, shape: [3], chunkShape: [4], elementType: type,
        compressor: .blosc(codec: .zstd, level: 1, shuffle: .automatic))
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      let raw = noise(byteCount: 4 * type.byteCount)
      _ = try write(spec, to: folder.path) { _ in raw }
      let read = try ZarrArray.open(folder.path)
      #expect(read.elementType == type && read.fill == [UInt8](repeating: 0, count: type.byteCount))
      #expect(try readChunk(read, [0]) == raw)
    }
  }

  @Test func versionTwoIsWhatEveryReaderTakes() throws {
    let spec = ArraySpec(
      zarrFormat: 2, shape: [5, 6], chunkShape: [2, 3], elementType: .float32, compressor: .zstd(level: 3))
    let files = Dictionary(uniqueKeysWithValues: spec.metadataFiles().map { ($0.name, $0.bytes) })
    #expect(Set(files.keys) == [".zarray", ".zattrs"])
    #expect(
      try JSONValue.parse(try #require(files[".zarray"])) == [
        "zarr_format": 2, "shape": [5, 6], "chunks": [2, 3], "dtype": "<f4", "fill_value": 0.0, "order": "C",
        "filters": .null, "dimension_separator": "/", "compressor": ["id": "zstd", "level": 3],
      ])
    #expect(try JSONValue.parse(try #require(files[".zattrs"])) == [:])
  }

  @Test func versionThreeSharded() throws {
    let spec = ArraySpec(
      zarrFormat: 3, shape: [5, 6], chunkShape: [2, 3], shardShape: [4, 6], elementType: .uint16,
      compressor: .blosc(codec: .lz4, level: 5, shuffle: .automatic), dimensionNames: ["y", "x"])
    let files = spec.metadataFiles()
    #expect(files.map(\.name) == ["zarr.json"])
    let little: JSONValue = ["name": "bytes", "configuration": ["endian": "little"]]
    #expect(
      try JSONValue.parse(files[0].bytes) == [
        "zarr_format": 3, "node_type": "array", "shape": [5, 6], "data_type": "uint16", "fill_value": 0,
        "attributes": [:], "dimension_names": ["y", "x"],
        "chunk_grid": ["name": "regular", "configuration": ["chunk_shape": [4, 6]]],
        "chunk_key_encoding": ["name": "default", "configuration": ["separator": "/"]],
        "codecs": [
          [
            "name": "sharding_indexed",
            "configuration": [
              "chunk_shape": [2, 3], "index_location": "end", "index_codecs": [little, ["name": "crc32c"]],
              "codecs": [
                little,
                [
                  "name": "blosc",
                  "configuration": ["cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 2, "blocksize": 0],
                ],
                ["name": "crc32c"],
              ],
            ],
          ]
        ],
      ])
  }

  /// Of one byte, the order means nothing, and is written since older readers want it; not every program does.
  @Test(arguments: [nil, [4, 6]] as [[Int]?]) func theByteOrderOfOneByteIsWrittenAndNotAskedFor(shard: [Int]?) throws {
    for (type, isSame) in [(ElementType.uint8, true), (.uint16, false)] {
      let spec = ArraySpec(
        zarrFormat: 3, shape: [5, 6], chunkShape: [2, 3], shardShape: shard, elementType: type, compressor: .zstd(level: 3))
      let bytes = try #require(spec.metadataFiles().first).bytes
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(spec.isSaid(by: bytes) && text.contains("endian"))
      var members = try #require(try JSONValue.parse(bytes).object)
      members["attributes"] = ["a": 1]
      members["storage_transformers"] = []
      func bare(_ codecs: JSONValue?) -> JSONValue { .array([["name": "bytes"]] + (codecs?.array?.dropFirst() ?? [])) }
      if shard == nil {
        members["codecs"] = bare(members["codecs"])
      } else {
        var sharding = try #require(members["codecs"]?.array?.first?["configuration"]?.object)
        sharding["codecs"] = bare(sharding["codecs"])
        members["codecs"] = [["name": "sharding_indexed", "configuration": .object(sharding)]]
      }
      #expect(spec.isSaid(by: JSONValue.object(members).serialized(pretty: false)) == isSame)
      members["fill_value"] = 1
      #expect(!spec.isSaid(by: JSONValue.object(members).serialized(pretty: false)))
      #expect(!spec.isSaid(by: Data("[".utf8)))
    }
  }

  @Test(
    arguments: [
      (4, [4, 4], [2, 2], nil), (2, [4, 4], [2, 2], [4, 4]), (3, [4, 4], [2, 2], [3, 4]), (3, [4, 4], [2, 2], [4]),
      (2, [4, 4], [2], nil), (2, [4, 4], [0, 2], nil), (3, [], [], nil), (3, [1 << 40, 1 << 40], [65536, 65536], nil),
      (3, [-1, 4], [2, 2], nil), (3, [4, 4], [0, 2], [4, 4]), (3, [4, 4], [Int.max, 2], nil),
    ] as [(Int, [Int], [Int], [Int]?)])
  func refusesWhatCannotBeRead(format: Int, shape: [Int], chunk: [Int], shard: [Int]?) {
    let spec = ArraySpec(
      zarrFormat: format, shape: shape, chunkShape: chunk, shardShape: shard, elementType: .uint16,
      compressor: .zstd(level: 1))
    #expect(zarrError { _ = try ZarrArray(path: "a", spec: spec) }?.code.rawValue == "array-invalid")
  }

  @Test func refusesWrongSettings() {
    var spec = ArraySpec(
      zarrFormat: 3, shape: [4], chunkShape: [4], elementType: .uint8, compressor: .zstd(level: 99))
    #expect(zarrError { _ = try ZarrArray(path: "a", spec: spec) }?.code.rawValue == "compressor-invalid")
    spec.compressor = .blosc(codec: .lz4, level: 1, shuffle: .none)
    spec.chunkShape = [Int(Int32.max) - 8]
    #expect(zarrError { _ = try ZarrArray(path: "a", spec: spec) }?.description.contains("blosc") == true)
    spec.chunkShape = [4]
    spec.dimensionNames = ["y", "x"]
    #expect(zarrError { _ = try ZarrArray(path: "a", spec: spec) }?.code.rawValue == "array-invalid")
    spec.dimensionNames = nil
    spec.attributes = []
    #expect(zarrError { _ = try ZarrArray(path: "a", spec: spec) }?.code.rawValue == "array-invalid")
  }
}

extension Compressor {
  /// Whether there are bits that do not matter.
  fileprivate var hasHeader: Bool { self == .zstd(level: 1) || self == .gzip(level: 1) }
}
