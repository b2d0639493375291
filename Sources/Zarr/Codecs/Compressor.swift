import JSON

/// How the chunks of an array that we write are compressed: what `compressor` in `zarr_array_creation_kwargs` says.
///
/// Only what the usual readers take can be chosen; other numcodecs names are refused.
public struct Compressor: Sendable, Hashable, Codable {
  /// Nil: bytes are stored as they are.
  package let codec: (any WrittenCodec)?

  public static let none = Compressor(codec: nil)

  init(codec: (any WrittenCodec)?) {
    self.codec = codec
  }

  /// From numcodecs' spelling, `{"id": "zstd", "level": 1}`, or null; what is left out is numcodecs' default.
  public static func parse(_ json: JSONValue) throws(ZarrError) -> Compressor {
    if json.isNull { return .none }
    guard let members = json.object else {
      throw .compressorInvalid(reason: "it is \(json.kind); it must be an object with an \"id\", or null")
    }
    guard let id = members["id"]?.string else { throw .compressorInvalid(reason: "it has no \"id\"") }
    guard let kind = Codecs.written.first(where: { $0.names.compressorV2 == id }) else {
      throw .compressorInvalid(reason: "\"\(id)\" is not written, since readers differ in whether they take it")
    }
    let compressor = Compressor(codec: try kind.init(chosen: CompressorFields(id: id, members: members)))
    try compressor.validate()
    return compressor
  }

  /// Whether what is written with it carries a checksum, so that one flipped bit is noticed.
  var hasChecksum: Bool { codec.map { type(of: $0).hasChecksum } ?? false }

  /// The largest chunk, and the name of the codec that takes no larger one.
  var limit: (byteCount: Int, name: String)? {
    guard let codec, let byteCount = type(of: codec).maximumByteCount else { return nil }
    return (byteCount, type(of: codec).names.name)
  }

  /// Levels in range.
  func validate() throws(ZarrError) {
    guard let codec else { return }
    let (name, levels) = (type(of: codec).names.name, type(of: codec).levels)
    guard levels.contains(codec.level) else {
      throw .compressorInvalid(
        reason: "\(name) has no level \(codec.level), only \(levels.lowerBound) to \(levels.upperBound)")
    }
  }

  /// The `compressor` of Zarr v2.
  func metadataV2(elementByteCount: Int) -> JSONValue {
    guard let codec else { return .null }
    var members = codec.settingsV2(elementByteCount: elementByteCount)
    members["id"] = type(of: codec).names.compressorV2.map { .string($0) }
    return .object(members)
  }

  /// The codec of Zarr v3.
  func metadataV3(elementByteCount: Int) -> JSONValue? {
    guard let codec, let name = type(of: codec).names.v3.first else { return nil }
    return ["name": .string(name), "configuration": .object(codec.settingsV3(elementByteCount: elementByteCount))]
  }

  // MARK: Hashable, Codable

  public static func == (a: Compressor, b: Compressor) -> Bool {
    a.codec.map { AnyHashable($0) } == b.codec.map { AnyHashable($0) }
  }

  public func hash(into hasher: inout Hasher) {
    codec?.hash(into: &hasher)
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    static let none = Name(stringValue: "none")
  }

  /// An object with one member: its name says which codec, its value are the settings.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    if let codec {
      try container.encode(codec, forKey: Name(stringValue: type(of: codec).names.name))
    } else {
      _ = container.nestedContainer(keyedBy: Name.self, forKey: .none)
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    guard let name = container.allKeys.first, container.allKeys.count == 1 else {
      throw DecodingError.dataCorrupted(.init(codingPath: container.codingPath, debugDescription: "one codec was expected"))
    }
    if name.stringValue == Name.none.stringValue {
      codec = nil
    } else if let kind = Codecs.written.first(where: { $0.names.name == name.stringValue }) {
      codec = try container.decode(kind, forKey: name)
    } else {
      throw DecodingError.dataCorrupted(.init(codingPath: container.codingPath, debugDescription: "\(name.stringValue) is not written"))
    }
  }
}

/// The members of a compressor object, each with its check.
package struct CompressorFields {
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
}
