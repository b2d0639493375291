import Diagnostics
import Foundation
import JSON
import Testing
import Zarr

@Suite struct CompressorTests {
  @Test(arguments: [
    ("null", Compressor.none),
    (#"{"id": "zstd"}"#, .zstd(level: 0)),
    (#"{"id": "zstd", "level": 7, "checksum": true}"#, .zstd(level: 7)),
    (#"{"id": "gzip", "level": 6}"#, .gzip(level: 6)),
    (#"{"id": "blosc"}"#, .blosc(codec: .lz4, level: 5, shuffle: .byte)),
    (
      #"{"id": "blosc", "cname": "zstd", "clevel": 3, "shuffle": 2, "blocksize": 0}"#,
      .blosc(codec: .zstd, level: 3, shuffle: .bit)
    ),
    (#"{"id": "blosc", "shuffle": -1}"#, .blosc(codec: .lz4, level: 5, shuffle: .automatic)),
    (#"{"id": "blosc", "shuffle": "noshuffle"}"#, .blosc(codec: .lz4, level: 5, shuffle: .none)),
  ])
  func parses(text: String, expected: Compressor) throws {
    let compressor = try Compressor.parse(try JSONValue.parse(text))
    #expect(compressor == expected)
    let coded = try JSONEncoder().encode(compressor)
    #expect(try JSONDecoder().decode(Compressor.self, from: coded) == compressor)
  }

  @Test(arguments: [
    (#""zstd""#, "object"), (#"{}"#, "id"), (#"{"id": "lz4"}"#, "lz4"), (#"{"id": "zlib", "level": 1}"#, "zlib"),
    (#"{"id": "bz2"}"#, "bz2"), (#"{"id": "zstd", "level": 23}"#, "23"), (#"{"id": "zstd", "level": 1.5}"#, "level"),
    (#"{"id": "gzip", "level": 10}"#, "10"), (#"{"id": "zstd", "levle": 3}"#, "levle"),
    (#"{"id": "blosc", "cname": "snappy"}"#, "snappy"), (#"{"id": "blosc", "shuffle": 3}"#, "shuffle"),
    (#"{"id": "blosc", "blocksize": 4096}"#, "blocksize"), (#"{"id": "blosc", "clevel": 10}"#, "10"),
  ])
  func refuses(text: String, named: String) {
    let error = zarrError { _ = try Compressor.parse(try JSONValue.parse(text)) }
    #expect(error?.code.rawValue == "compressor-invalid")
    #expect(error?.description.contains(named) == true)
  }
}
