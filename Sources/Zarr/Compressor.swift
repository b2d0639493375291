import JSON

/// How the chunks of an array that we write are compressed: what `compressor` in `zarr_array_creation_kwargs` says.
///
/// Only what the usual readers take can be chosen; other numcodecs names are refused.
public enum Compressor: Sendable, Hashable, Codable {
  case none
  /// Level 0 is the library's default. Frames always carry a checksum.
  case zstd(level: Int)
  case gzip(level: Int)
  case blosc(codec: BloscCodec, level: Int, shuffle: BloscShuffle)

  public static let zstdLevels = -131_072...22
  public static let gzipLevels = 0...9
  public static let bloscLevels = 0...9

  /// From numcodecs' spelling, `{"id": "zstd", "level": 1}`, or null; what is left out is numcodecs' default.
  public static func parse(_ json: JSONValue) throws(ZarrError) -> Compressor {
    if json.isNull { return .none }
    guard let members = json.object else {
      throw .compressorInvalid(reason: "it is \(json.kind); it must be an object with an \"id\", or null")
    }
    guard let id = members["id"]?.string else { throw .compressorInvalid(reason: "it has no \"id\"") }
    let fields = CompressorFields(id: id, members: members)
    let compressor: Compressor
    switch id {
    case "zstd":
      try fields.allow(["level", "checksum"])
      compressor = .zstd(level: try fields.int("level", default: 0))
    case "gzip":
      try fields.allow(["level"])
      compressor = .gzip(level: try fields.int("level", default: 1))
    case "blosc":
      try fields.allow(["cname", "clevel", "shuffle", "blocksize"])
      guard try fields.int("blocksize", default: 0) == 0 else {
        throw .compressorInvalid(reason: "the blosc \"blocksize\" can only be 0 (automatic)")
      }
      compressor = .blosc(
        codec: try fields.bloscCodec(), level: try fields.int("clevel", default: 5), shuffle: try fields.bloscShuffle())
    default:
      throw .compressorInvalid(reason: "\"\(id)\" is not written, since readers differ in whether they take it")
    }
    try compressor.validate()
    return compressor
  }

  /// Whether what is written with it carries a checksum, so that one flipped bit is noticed.
  var hasChecksum: Bool {
    switch self {
    case .zstd, .gzip: true
    case .none, .blosc: false
    }
  }

  /// Levels in range.
  func validate() throws(ZarrError) {
    let (name, level, levels) =
      switch self {
      case .none: ("", 0, 0...0)
      case .zstd(let level): ("zstd", level, Self.zstdLevels)
      case .gzip(let level): ("gzip", level, Self.gzipLevels)
      case .blosc(_, let level, _): ("blosc", level, Self.bloscLevels)
      }
    guard levels.contains(level) else {
      throw .compressorInvalid(
        reason: "\(name) has no level \(level), only \(levels.lowerBound) to \(levels.upperBound)")
    }
  }
}

public enum BloscCodec: String, Sendable, Hashable, Codable, CaseIterable {
  case lz4, lz4hc, zstd, zlib, blosclz
}

public enum BloscShuffle: Int, Sendable, Hashable, Codable, CaseIterable {
  case none = 0
  case byte = 1
  case bit = 2
  /// By bits for elements of one byte, else by bytes.
  case automatic = -1

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

/// The members of a compressor object, each with its check.
private struct CompressorFields {
  let id: String
  let members: [String: JSONValue]

  func allow(_ keys: Set<String>) throws(ZarrError) {
    for key in members.keys.sorted() where key != "id" && !keys.contains(key) {
      throw .compressorInvalid(reason: "\(id) has no setting \"\(key)\", only \(keys.sorted().joined(separator: ", "))")
    }
  }

  func int(_ key: String, default value: Int) throws(ZarrError) -> Int {
    guard let member = members[key], !member.isNull else { return value }
    guard let number = member.int else {
      throw .compressorInvalid(reason: "\"\(key)\" of \(id) must be a whole number, not \(member.excerpt)")
    }
    return number
  }

  func bloscCodec() throws(ZarrError) -> BloscCodec {
    guard let member = members["cname"] else { return .lz4 }
    guard let codec = member.string.flatMap(BloscCodec.init(rawValue:)) else {
      let names = BloscCodec.allCases.map(\.rawValue).joined(separator: ", ")
      throw .compressorInvalid(reason: "blosc is written with \(names), not \(member.excerpt)")
    }
    return codec
  }

  func bloscShuffle() throws(ZarrError) -> BloscShuffle {
    guard let member = members["shuffle"] else { return .byte }
    if let name = member.string {
      for shuffle in [BloscShuffle.none, .byte, .bit] where shuffle.name == name { return shuffle }
    }
    guard let shuffle = member.int.flatMap(BloscShuffle.init(rawValue:)) else {
      throw .compressorInvalid(reason: "\"shuffle\" of blosc is 0 (none), 1 (bytes), 2 (bits) or -1 (automatic)")
    }
    return shuffle
  }
}
