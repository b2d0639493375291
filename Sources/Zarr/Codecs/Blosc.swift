import CBlosc
import JSON

/// The Blosc 1 container, through the library's calls that take no global lock and start no threads.
struct Blosc: WrittenCodec {
  static let names = CodecNames("blosc", compressorV2: "blosc", v3: ["blosc", "numcodecs.blosc"], n5: ["blosc"], hdf5: 32001)
  static let levels = 0...9
  static let maximumByteCount: Int? = Int(Int32.max) - headerByteCount
  static var library: String { "blosc \(blosc_get_version_string().map { String(cString: $0) } ?? "unknown")" }

  private static let headerByteCount = 16
  private static let memcpyedFlag: UInt8 = 0x02

  /// Decoding needs none of these: the container says them.
  let codec: BloscCodec
  let level: Int
  let shuffle: BloscShuffle

  init(codec: BloscCodec, level: Int, shuffle: BloscShuffle) {
    (self.codec, self.level, self.shuffle) = (codec, level, shuffle)
  }

  init(_ settings: CodecSettings) {
    self.init(codec: .lz4, level: 5, shuffle: .byte)
  }

  init(chosen fields: CompressorFields) throws(ZarrError) {
    try fields.allow(["cname", "clevel", "shuffle", "blocksize"])
    guard try fields.int("blocksize", default: 0) == 0 else {
      throw .compressorInvalid(reason: "the blosc \"blocksize\" can only be 0 (automatic)")
    }
    codec = try BloscCodec(fields)
    level = try fields.int("clevel", default: 5)
    shuffle = try BloscShuffle(fields)
  }

  func settingsV2(elementByteCount: Int) -> [String: JSONValue] {
    [
      "cname": .string(codec.rawValue), "clevel": .int(Int64(level)), "blocksize": 0,
      "shuffle": .int(Int64(shuffle.resolved(elementByteCount: elementByteCount).rawValue)),
    ]
  }

  func settingsV3(elementByteCount: Int) -> [String: JSONValue] {
    [
      "cname": .string(codec.rawValue), "clevel": .int(Int64(level)), "blocksize": 0,
      "typesize": .int(Int64(elementByteCount)), "shuffle": .string(shuffle.resolved(elementByteCount: elementByteCount).name),
    ]
  }

  /// The container's own sizes must be those of `stored` and fit `output`: the library trusts the header where the payload is
  /// uncompressed.
  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard !stored.isEmpty else { throw .damaged("it is empty") }
    guard stored.count >= Self.headerByteCount, let input = stored.baseAddress else {
      throw .damaged("blosc: it ends early")
    }
    let decodedByteCount = Int(UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    let storedByteCount = Int(UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
    guard storedByteCount == stored.count else {
      throw .damaged("blosc: its header says \(storedByteCount) bytes, there are \(stored.count)")
    }
    guard decodedByteCount <= output.count else {
      throw .damaged("blosc: it decodes to \(decodedByteCount) bytes, more than the \(output.count) expected")
    }
    if stored[2] & Self.memcpyedFlag != 0, decodedByteCount + Self.headerByteCount != stored.count {
      throw .damaged("blosc: \(decodedByteCount) uncompressed bytes in \(stored.count)")
    }
    var validated = 0
    guard blosc_cbuffer_validate(input, stored.count, &validated) == 0, validated == decodedByteCount else {
      throw .damaged("blosc: its header is not valid")
    }
    let count = blosc_decompress_ctx(input, output.baseAddress, output.count, 1)
    guard count == decodedByteCount else { throw .damaged("blosc: it cannot be decoded (\(count))") }
    return decodedByteCount
  }

  func encode(
    _ raw: UnsafeRawBufferPointer, elementByteCount: Int, roomAfter: Int, context: CodecContext
  ) throws(CodecFailure) -> UnsafeRawBufferPointer {
    let memory = try context.encoded.reserve(chunk: raw.count + Self.headerByteCount + roomAfter)
    let target = UnsafeMutableRawBufferPointer(rebasing: memory[..<(raw.count + Self.headerByteCount)])
    let count = Int(
      blosc_compress_ctx(
        Int32(level), Int32(shuffle.resolved(elementByteCount: elementByteCount).rawValue), elementByteCount, raw.count,
        raw.baseAddress, target.baseAddress, target.count, codec.rawValue, 0, 1))
    guard count > 0 else { throw .failed("blosc \(codec.rawValue) failed (\(count))") }
    return UnsafeRawBufferPointer(rebasing: target[0..<count])
  }
}

extension Compressor {
  public static func blosc(codec: BloscCodec, level: Int, shuffle: BloscShuffle) -> Compressor {
    Compressor(codec: Blosc(codec: codec, level: level, shuffle: shuffle))
  }
}

/// The compressions inside of a container that we write.
public enum BloscCodec: String, Sendable, Hashable, Codable, CaseIterable {
  case lz4, lz4hc, zstd, zlib, blosclz

  /// numcodecs' `cname`.
  fileprivate init(_ fields: CompressorFields) throws(ZarrError) {
    guard let member = fields.members["cname"] else {
      self = .lz4
      return
    }
    guard let codec = member.string.flatMap(BloscCodec.init(rawValue:)) else {
      let names = BloscCodec.allCases.map(\.rawValue).joined(separator: ", ")
      throw .compressorInvalid(reason: "blosc is written with \(names), not \(member.excerpt)")
    }
    self = codec
  }
}

/// What lies together before a container is compressed.
public enum BloscShuffle: Int, Sendable, Hashable, Codable, CaseIterable {
  case none = 0
  case byte = 1
  case bit = 2
  /// By bits for elements of one byte, else by bytes.
  case automatic = -1

  /// numcodecs' `shuffle`.
  fileprivate init(_ fields: CompressorFields) throws(ZarrError) {
    guard let member = fields.members["shuffle"] else {
      self = .byte
      return
    }
    if let name = member.string, let named = [BloscShuffle.none, .byte, .bit].first(where: { $0.name == name }) {
      self = named
      return
    }
    guard let shuffle = member.int.flatMap(BloscShuffle.init(rawValue:)) else {
      throw .compressorInvalid(reason: "\"shuffle\" of blosc is 0 (none), 1 (bytes), 2 (bits) or -1 (automatic)")
    }
    self = shuffle
  }

  /// Never `automatic`.
  func resolved(elementByteCount: Int) -> BloscShuffle {
    self == .automatic ? (elementByteCount == 1 ? .bit : .byte) : self
  }

  /// The name in Zarr v3.
  var name: String {
    switch self {
    case .none: "noshuffle"
    case .byte, .automatic: "shuffle"
    case .bit: "bitshuffle"
    }
  }
}
