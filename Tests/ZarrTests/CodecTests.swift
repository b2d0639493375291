import Foundation
import Geometry
import JSON
import Testing
import Zarr

/// The contract that every codec of `Codecs.all` keeps.
@Suite struct CodecTests {
  @Test func everyCodecHasASample() {
    let sampled = (CodecSample.all + [CodecSample.delta]).map(\.name)
    for codec in Codecs.all { #expect(sampled.contains("\(codec)"), "\(codec)") }
    #expect(CodecSample.all.allSatisfy { $0.codec is any ByteCodec.Type } && CodecSample.delta.codec is any ElementCodec.Type)
  }

  @Test func namesAreUniqueInEveryFormat() {
    let names = Codecs.all.map { $0.names }
    for list in [
      names.compactMap(\.compressorV2), names.compactMap(\.filterV2), names.flatMap(\.v3), names.flatMap(\.n5),
      names.compactMap { $0.hdf5.map(String.init) },
    ] {
      #expect(Set(list).count == list.count, "\(list)")
    }
    #expect(names.allSatisfy { !$0.name.isEmpty && $0.compressorV2 != "" })
  }

  // MARK: Decoding

  @Test(arguments: CodecSample.all) func decodesWhatOthersWrote(sample: CodecSample) throws {
    let codec = try #require(try make(sample))
    #expect(try decode(codec, sample.stored) == CodecSample.raw)
    // more memory than is needed
    #expect(try decode(codec, sample.stored, room: 1000) == CodecSample.raw)
    if let added = codec.addedByteCount { #expect(sample.stored.count == CodecSample.raw.count + added) }
    try sample.stored.withUnsafeBytes { stored in
      if let content = try codec.content(of: stored) { #expect(Array(content) == CodecSample.raw) }
    }
  }

  @Test func decodesDifferences() throws {
    let sample = CodecSample.delta
    let codec = try #require(try sample.codec?.init(sample.settings) as? any ElementCodec)
    #expect(codec.storedType == .int32 && !codec.isStoredBigEndian)
    var output = [UInt8](repeating: 0xA5, count: CodecSample.raw.count)
    sample.stored.withUnsafeBytes { stored in output.withUnsafeMutableBytes { codec.decode(stored, into: $0) } }
    #expect(output == CodecSample.raw)
  }

  /// A chunk that is shorter than its bytes say.
  @Test(arguments: CodecSample.all) func tooMuchIsDamage(sample: CodecSample) throws {
    let codec = try #require(try make(sample))
    for missing in [1, 2, 8, CodecSample.raw.count - 1] {
      expectFailure("\(missing) bytes too few") { try decode(codec, sample.stored, room: -missing) }
    }
    for more in [[0], [1, 2, 3], [UInt8](repeating: 7, count: 64)] as [[UInt8]] {
      // the library stops where its stream ends
      if sample.name == "Bzip2" { continue }
      expectFailure("\(more.count) bytes after the end") { try decode(codec, sample.stored + more) }
    }
  }

  @Test(arguments: CodecSample.all) func cutBytesAreNoChunk(sample: CodecSample) throws {
    let codec = try #require(try make(sample))
    for count in 0..<sample.stored.count {
      let bytes = try? decode(codec, Array(sample.stored[..<count]))
      #expect(bytes.map { !type(of: codec).hasChecksum && $0.count < CodecSample.raw.count } ?? true, "\(count) bytes")
    }
  }

  /// Sizes that lie, and content that does: an error, and never a trap or bytes beyond the memory that is there. What has a
  /// checksum never gives other bytes.
  @Test(arguments: CodecSample.all) func alteredBytesAreAnError(sample: CodecSample) throws {
    let codec = try #require(try make(sample))
    for at in sample.stored.indices {
      for value in [0, 0x7F, 0x80, 0xFF, sample.stored[at] ^ 0x10, sample.stored[at] ^ 1] where value != sample.stored[at] {
        var bytes = sample.stored
        bytes[at] = value
        let decoded = try? decode(codec, bytes, guarded: true)
        if type(of: codec).hasChecksum, let decoded { #expect(decoded == CodecSample.raw, "\(value) at \(at)") }
      }
    }
  }

  /// What a codec keeps for the next chunk does not suffer from a chunk that was damaged.
  @Test func statesOutliveDamage() throws {
    let context = CodecContext()
    for _ in 0..<2 {
      for sample in CodecSample.all {
        let codec = try #require(try make(sample))
        _ = try? decode(codec, Array(sample.stored.dropLast(5)), context: context)
        #expect(try decode(codec, sample.stored, context: context) == CodecSample.raw, "\(sample.name)")
      }
    }
  }

  @Test func failuresAreTranslatedInOnePlace() {
    let place = { (reason: String) in ZarrError.chunkDamaged(chunk: [1], path: "a", reason: reason) }
    #expect(CodecFailure.damaged("x").error(place) == place("x"))
    #expect(CodecFailure.failed("x").error(place) == place("x"))
    #expect(CodecFailure.outOfMemory(byteCount: 7).error(place) == .outOfMemory(byteCount: 7))
    #expect(CodecFailure.io(.arrayMissing(path: "b")).error(place) == .arrayMissing(path: "b"))
  }

  // MARK: Encoding

  @Test func whatIsOffered() {
    #expect(Codecs.namesWritten == ["zstd", "blosc", "gzip"])
    // part of the record of a job
    let versions = codecLibraryVersions().split(separator: ", ").map { $0.split(separator: " ") }
    #expect(versions.map(\.first) == ["zstd", "blosc", "zlib"] && versions.allSatisfy { $0.count == 2 })
  }

  @Test(arguments: Codecs.namesWritten) func roundTrip(name: String) throws {
    let kind = try #require(Codecs.all.first { $0.names.name == name } as? any WrittenCodec.Type)
    let context = CodecContext()
    let levelKey = name == "blosc" ? "clevel" : "level"
    for level in [kind.levels.lowerBound, 1, kind.levels.upperBound] {
      let codec = try #require(try chosen(["id": .string(name), levelKey: .int(Int64(level))]))
      #expect(codec.level == level)
      for (width, count, room) in [(1, 1, 0), (2, 4096, 4), (4, 4096, 0), (8, 40_000, 4)] {
        let raw = noise(byteCount: count * width, seed: UInt64(count))
        let stored = try encode(codec, raw, width, room, context)
        #expect(try encode(codec, raw, width, room, CodecContext()) == stored, "equal input gives equal bytes")
        #expect(try decode(codec, stored, room: raw.count - CodecSample.raw.count, context: context) == raw)
      }
    }
  }

  /// Settings as users, both versions of Zarr and the job database have them.
  @Test(
    arguments: [
      (#"{"id":"zstd","level":7}"#, #"{"level":7}"#, #"{"checksum":true,"level":7}"#, #"{"zstd":{"level":7}}"#),
      (#"{"id":"gzip","level":6}"#, #"{"level":6}"#, #"{"level":6}"#, #"{"gzip":{"level":6}}"#),
      (
        #"{"id":"blosc","cname":"zstd","clevel":3,"shuffle":2}"#, #"{"blocksize":0,"clevel":3,"cname":"zstd","shuffle":2}"#,
        #"{"blocksize":0,"clevel":3,"cname":"zstd","shuffle":"bitshuffle","typesize":2}"#,
        #"{"blosc":{"codec":"zstd","level":3,"shuffle":2}}"#
      ),
      ("null", "", "", #"{"none":{}}"#),
    ])
  func settingsAreWrittenAsTheyWereRead(text: String, v2: String, v3: String, record: String) throws {
    let compressor = try Compressor.parse(try JSONValue.parse(text))
    if let codec = compressor.codec {
      let settings = codec.settingsV2(elementByteCount: 2)
      #expect(String(decoding: JSONValue.object(settings).serialized(), as: UTF8.self) == v2)
      #expect(String(decoding: JSONValue.object(codec.settingsV3(elementByteCount: 2)).serialized(), as: UTF8.self) == v3)
      let again = settings.merging(["id": try JSONValue.parse(text)["id"] ?? .null]) { $1 }
      #expect(try Compressor.parse(.object(again)) == compressor)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(compressor), as: UTF8.self) == record)
    #expect(try JSONDecoder().decode(Compressor.self, from: Data(record.utf8)) == compressor)
  }

  @Test(arguments: [#"{"lz4":{}}"#, "{}", #"{"zstd":{}}"#, #"{"zstd":{"level":1},"gzip":{"level":1}}"#, "[]"])
  func recordsOfOtherCodecsAreRefused(record: String) {
    #expect(throws: DecodingError.self) { _ = try JSONDecoder().decode(Compressor.self, from: Data(record.utf8)) }
  }

  // MARK: -

  private func make(_ sample: CodecSample) throws -> (any ByteCodec)? {
    try (sample.codec as? any ByteCodec.Type)?.init(sample.settings)
  }

  private func chosen(_ members: [String: JSONValue]) throws -> (any WrittenCodec)? {
    try Compressor.parse(.object(members)).codec
  }

  private func encode(
    _ codec: any WrittenCodec, _ raw: [UInt8], _ width: Int, _ room: Int, _ context: CodecContext
  ) throws -> [UInt8] {
    defer { withExtendedLifetime(context) {} }
    return try raw.withUnsafeBytes {
      Array(try codec.encode($0, elementByteCount: width, roomAfter: room, context: context))
    }
  }

  /// Decodes into memory of the raw bytes' length and `room`.
  ///
  /// - Parameter guarded: whether to look for bytes written behind that memory.
  private func decode(
    _ codec: any ByteCodec, _ stored: [UInt8], room: Int = 0, context: CodecContext = CodecContext(), guarded: Bool = false
  ) throws -> [UInt8] {
    let count = CodecSample.raw.count + room
    var memory = [UInt8](repeating: 0xA5, count: count + 4096)
    defer { if guarded { #expect(memory[count...].allSatisfy { $0 == 0xA5 }, "bytes behind the memory were written") } }
    let decoded = try stored.withUnsafeBytes { stored in
      try memory.withUnsafeMutableBytes {
        try codec.decode(stored, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]), context: context)
      }
    }
    #expect(decoded <= count)
    return Array(memory[..<decoded])
  }

  private func expectFailure(_ what: Comment, _ body: () throws -> [UInt8]) {
    #expect(throws: CodecFailure.self, what) { _ = try body() }
  }
}
