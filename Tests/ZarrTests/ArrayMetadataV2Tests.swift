import Diagnostics
import Geometry
import JSON
import TestSupport
import Testing
import Zarr

@Suite struct ArrayMetadataV2Tests {
  static let base: [String: JSONValue] = [
    "zarr_format": 2, "shape": [4, 6], "chunks": [2, 3], "dtype": "<u2", "compressor": .null, "fill_value": 0,
    "order": "C", "filters": .null,
  ]

  @Test func readsTheBase() throws {
    let array = try open([:])
    #expect(array.shape == [4, 6] && array.chunkShape == [2, 3] && array.chunkGrid == [2, 2])
    #expect(array.blockFile([1, 0]) == "1.0" && array.elementType == .uint16 && array.zarrFormat == 2)
    #expect(array.attributes == [:] && array.dimensionNames == nil && array.shardShape == nil)
  }

  @Test func toleratesWhatWritersLeaveOutOrAdd() throws {
    _ = try open(["comment": "x"], removing: ["filters"])
    _ = try open(["filters": []])
    #expect(try open(["dimension_separator": "/"]).blockFile([1, 0]) == "1/0")
    #expect(try open(["dimension_separator": .null]).blockFile([1, 0]) == "1.0")
    _ = try open(["dtype": "|u1"])
    _ = try open(["dtype": ">i1"])
  }

  /// Nested stores of old, which do not say that they are: their chunks are found by the names in the folder.
  @Test(arguments: [
    (["0/0", "1/2"], "1/0"), (["0.0"], "1.0"), (["0/0", "1.1"], "1.0"), ([], "1.0"), (["0"], "1.0"), (["a/0", ".1/0", "0.0.0"], "1.0"),
    (["0/0", "0.0.0", "x.1"], "1/0"),
  ])
  func theSeparatorThatIsNotWritten(files: [String], key: String) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for file in files { try folder.write("x", to: file) }
    func open(_ edits: [String: JSONValue]) throws -> ZarrArray {
      let members = Self.base.merging(edits) { $1 }
      try folder.write(String(decoding: JSONValue.object(members).serialized(), as: UTF8.self), to: ".zarray")
      return try ZarrArray.open(folder.path)
    }
    let array = try open([:])
    #expect(array.blockFile([1, 0]) == key)
    // stored bytes are understood otherwise
    #expect(array.codecSummary.hasSuffix("keys v2" + String(key.dropFirst().prefix(1))))
    #expect(try open(["dimension_separator": "."]).blockFile([1, 0]) == "1.0")
    #expect(try open(["shape": [4], "chunks": [2]]).blockFile([1]) == "1")
  }

  @Test(
    arguments: [
      ("zarr_format", 4, "zarr_format"), ("dtype", "|b1", "|b1"), ("dtype", "<c8", "<c8"), ("dtype", "|S4", "|S4"),
      ("dtype", "|u2", "|u2"), ("dtype", "<u3", "<u3"), ("dtype", [["r", "|u1"]], "data type"),
      ("compressor", ["id": "zfpy"], "zfpy"), ("compressor", ["id": "lzma", "format": 3], "lzma"),
      ("filters", [["id": "shuffle", "elementsize": -2]], "shuffle"), ("filters", [["id": "packbits"]], "packbits"),
      ("filters", [["id": "zstd"]], "zstd"), ("filters", [["id": "shuffle"], ["id": "delta", "dtype": "<u2"]], "more than one"),
      ("filters", [["id": "delta", "dtype": "<u4"]], "delta"), ("filters", [["id": "delta", "dtype": ">u2"]], "delta"),
      ("filters", [["id": "delta", "dtype": "<u2"], ["id": "delta", "dtype": "<u2"]], "more than one"),
      ("shape", [], "0 axes"), ("shape", [1, 1, 1, 1, 1, 1, 1, 1, 1], "9 axes"),
      ("chunks", [2_097_152, 2_097_152], "chunk"), ("chunks", [4_611_686_018_427_387_904, 4], "chunk"),
    ] as [(String, JSONValue, String)])
  func refusesByName(key: String, value: JSONValue, named: String) {
    let error = zarrError { _ = try open([key: value]) }
    #expect(error?.code.rawValue == "format-unsupported")
    #expect(error?.description.contains(named) == true, "\(error as Any)")
  }

  @Test(
    arguments: [
      ("order", "K"), ("order", 1), ("dimension_separator", "-"), ("chunks", [2]), ("chunks", [0, 3]),
      ("chunks", [2, 3.5]), ("chunks", "2"), ("shape", [-1, 6]), ("compressor", "zstd"), ("filters", [[:]]),
      ("compressor", [:]), ("shape", [18_446_744_073_709_551_615.0, 1]),
    ] as [(String, JSONValue)])
  func refusesWhatIsInvalid(key: String, value: JSONValue) {
    let error = zarrError { _ = try open([key: value]) }
    #expect(error?.code.rawValue == "metadata-invalid")
    #expect(error?.description.contains(".zarray") == true)
  }

  @Test(arguments: ["zarr_format", "shape", "chunks", "dtype", "compressor", "order"])
  func refusesWhatIsMissing(key: String) {
    #expect(zarrError { _ = try open([:], removing: [key]) }?.description.contains("\"\(key)\" is missing") == true)
  }

  @Test func attributesComeFromTheirOwnFile() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write(String(decoding: JSONValue.object(Self.base).serialized(), as: UTF8.self), to: ".zarray")
    try folder.write(#"{"a": [1, 18446744073709551615]}"#, to: ".zattrs")
    #expect(try ZarrArray.open(folder.path).attributes == ["a": [1, .uint(.max)]])
    try folder.write("[]", to: ".zattrs")
    #expect(zarrError { _ = try ZarrArray.open(folder.path) }?.code.rawValue == "metadata-invalid")
    try folder.write("{", to: ".zattrs")
    #expect(zarrError { _ = try ZarrArray.open(folder.path) }?.description.contains(".zattrs") == true)
  }

  @Test func summaryChangesWithWhatMattersOnly() throws {
    let summary = try open([:]).codecSummary
    for edit in [
      ["dtype": ">u2"], ["chunks": [2, 6]], ["order": "F"], ["fill_value": 1], ["dimension_separator": "/"],
      ["compressor": ["id": "zstd", "level": 1]], ["filters": [["id": "delta", "dtype": "<u2"]]],
      ["filters": [["id": "shuffle"]]], ["filters": [["id": "shuffle", "elementsize": 2]]],
    ] as [[String: JSONValue]] {
      #expect(try open(edit).codecSummary != summary)
    }
    #expect(try open(["shape": [9, 9], "comment": 1]).codecSummary == summary)
  }

  private func open(_ edits: [String: JSONValue], removing: [String] = []) throws -> ZarrArray {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    var members = Self.base.merging(edits) { $1 }
    for key in removing { members[key] = nil }
    try folder.write(String(decoding: JSONValue.object(members).serialized(), as: UTF8.self), to: ".zarray")
    return try ZarrArray.open(folder.path)
  }
}
