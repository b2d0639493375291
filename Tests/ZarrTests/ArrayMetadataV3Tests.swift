import Diagnostics
import JSON
import TestSupport
import Testing
import Zarr

@Suite struct ArrayMetadataV3Tests {
  static let little: JSONValue = ["name": "bytes", "configuration": ["endian": "little"]]
  static let base: [String: JSONValue] = [
    "zarr_format": 3, "node_type": "array", "shape": [4, 6], "data_type": "uint16", "fill_value": 0,
    "chunk_grid": ["name": "regular", "configuration": ["chunk_shape": [2, 3]]],
    "chunk_key_encoding": ["name": "default", "configuration": ["separator": "/"]], "codecs": [little],
  ]

  static func shard(_ edits: [String: JSONValue] = [:]) -> JSONValue {
    let configuration: [String: JSONValue] = [
      "chunk_shape": [1, 3], "codecs": [little], "index_codecs": [little, ["name": "crc32c"]], "index_location": "end",
    ]
    return ["name": "sharding_indexed", "configuration": .object(configuration.merging(edits) { $1 })]
  }

  /// Differences of elements, as numcodecs names them.
  static func delta(_ configuration: JSONValue) -> JSONValue { ["name": "numcodecs.delta", "configuration": configuration] }

  @Test func readsTheBaseAndTheOptionalMembers() throws {
    let array = try open([:])
    #expect(array.blockFile([1, 0]) == "c/1/0" && array.dimensionNames == nil && array.attributes == [:])
    let full = try open([
      "attributes": ["a": 1], "storage_transformers": [], "dimension_names": ["y", .null],
      "note": ["must_understand": false],
    ])
    #expect(full.dimensionNames == ["y", nil] && full.attributes == ["a": 1])
  }

  @Test func toleratesShorthands() throws {
    #expect(try open(["chunk_key_encoding": "default"]).blockFile([1, 0]) == "c/1/0")
    #expect(try open(["chunk_key_encoding": ["name": "v2"]]).blockFile([1, 0]) == "1.0")
    _ = try open(["data_type": ["name": "uint16"]])
    _ = try open(["data_type": "uint8", "codecs": ["bytes"]])
    _ = try open(["codecs": [["name": "transpose", "configuration": ["order": "F"]], Self.little]])
  }

  @Test(
    arguments: [
      ("zarr_format", 4, "zarr_format"), ("extra", 1, "extra"), ("extra", ["must_understand": true], "extra"),
      ("data_type", "string", "string"), ("data_type", "bool", "bool"), ("data_type", "r16", "r16"),
      ("data_type", ["name": "numpy.datetime64", "configuration": ["unit": "s"]], "datetime64"),
      ("chunk_grid", ["name": "rectilinear", "configuration": [:]], "rectilinear"),
      ("chunk_key_encoding", "fanout", "fanout"), ("storage_transformers", [["name": "secret"]], "secret"),
      ("codecs", [little, "numcodecs.zfpy"], "numcodecs.zfpy"),
      ("codecs", [little, ["name": "numcodecs.lzma", "configuration": ["format": 3]]], "numcodecs.lzma"),
      ("codecs", [delta(["dtype": "<u4"]), little], "numcodecs.delta"), ("codecs", [delta(["dtype": ">u2"]), little], "numcodecs.delta"),
      ("codecs", [delta(["dtype": "<u2"]), delta(["dtype": "<u2"]), little], "after another"),
      ("codecs", [["name": "transpose", "configuration": ["order": "F"]], delta(["dtype": "<u2"]), little], "transposition"),
      ("codecs", [delta(["dtype": "<u2"]), ["name": "transpose", "configuration": ["order": "F"]], little], "transpose"),
      ("codecs", [delta(["dtype": "<u2"]), shard([:])], "sharding_indexed"), ("codecs", ["vlen-utf8"], "vlen-utf8"),
      ("codecs", [shard(["index_codecs": [little, ["name": "zstd", "configuration": [:]]]])], "fixed size"),
      ("codecs", [shard(["codecs": [little, "pcodec"]])], "pcodec"),
      ("chunk_grid", ["name": "regular", "configuration": ["chunk_shape": [2_097_152, 2_097_152]]], "chunk"),
    ] as [(String, JSONValue, String)])
  func refusesByName(key: String, value: JSONValue, named: String) {
    let error = zarrError { _ = try open([key: value]) }
    #expect(error?.code.rawValue == "format-unsupported", "\(error as Any)")
    #expect(error?.description.contains(named) == true, "\(error as Any)")
  }

  @Test(
    arguments: [
      ("codecs", []), ("codecs", [little, little]), ("codecs", ["crc32c", little]), ("codecs", ["numcodecs.shuffle", little]),
      ("codecs", [little, delta(["dtype": "<u2"])]), ("codecs", ["bytes"]),
      ("codecs", [little, ["name": "transpose", "configuration": ["order": [1, 0]]]]),
      ("codecs", [["name": "transpose", "configuration": ["order": [1, 1]]], little]),
      ("codecs", [["name": "transpose", "configuration": ["order": [0]]], little]), ("codecs", [1]),
      ("codecs", [["name": "bytes", "configuration": ["endian": "middle"]]]),
      ("codecs", [shard(["chunk_shape": [2, 2]])]), ("codecs", [shard(["chunk_shape": [0, 3]])]),
      ("codecs", [shard(["index_location": "middle"])]), ("codecs", [shard(["codecs": []])]),
      ("dimension_names", ["y"]), ("dimension_names", [1, 2]), ("attributes", []), ("fill_value", "x"),
      ("chunk_grid", ["name": "regular", "configuration": ["chunk_shape": [2]]]), ("chunk_grid", ["name": "regular"]),
      ("chunk_key_encoding", ["name": "default", "configuration": ["separator": "-"]]),
    ] as [(String, JSONValue)])
  func refusesWhatIsInvalid(key: String, value: JSONValue) {
    let error = zarrError { _ = try open([key: value]) }
    #expect(error?.code.rawValue == "metadata-invalid", "\(error as Any)")
  }

  @Test(arguments: ["zarr_format", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs"])
  func refusesWhatIsMissing(key: String) {
    #expect(zarrError { _ = try open([:], removing: [key]) }?.description.contains("\"\(key)\" is missing") == true)
  }

  @Test func hugeShardsOpenWithoutMemory() throws {
    let array = try open([
      "shape": [1_000_000, 1_000_000], "codecs": [Self.shard(["chunk_shape": [128, 128]])],
      "chunk_grid": ["name": "regular", "configuration": ["chunk_shape": [65536, 65536]]],
    ])
    #expect(array.chunkByteCount == 32768 && array.chunksPerBlock == [512, 512] && array.blockGrid == [16, 16])
    let absurd: [String: JSONValue] = [
      "shape": [1_000_000, 1_000_000], "codecs": [Self.shard(["chunk_shape": [1, 1]])],
      "chunk_grid": ["name": "regular", "configuration": ["chunk_shape": [65536, 65536]]],
    ]
    #expect(zarrError { _ = try open(absurd) }?.code.rawValue == "format-unsupported")
  }

  private func open(_ edits: [String: JSONValue], removing: [String] = []) throws -> ZarrArray {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    var members = Self.base.merging(edits) { $1 }
    for key in removing { members[key] = nil }
    try folder.write(String(decoding: JSONValue.object(members).serialized(), as: UTF8.self), to: "zarr.json")
    return try ZarrArray.open(folder.path)
  }
}
