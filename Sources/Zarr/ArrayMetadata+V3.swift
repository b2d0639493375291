import Geometry
import JSON

/// `zarr.json` of a Zarr v3 array.
extension ArrayMetadata {
  private static let knownMembers: Set<String> = [
    "zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs",
    "attributes", "storage_transformers", "dimension_names",
  ]

  init(v3 json: JSONValue, path: String) throws(ZarrError) {
    let reader = try MetadataReader(json, path: path)
    try reader.zarrFormat(3)
    try reader.refuseUnknownMembers(known: Self.knownMembers)
    let shape = try reader.lengths("shape", minimum: 0)
    let type = try Self.elementType(reader)
    let grid = try reader.namedExtension(try reader.required("chunk_grid"), what: "chunk grid")
    guard grid.name == "regular" else { throw reader.unsupported("the chunk grid \"\(grid.name)\"", Advice.chunkGrid) }
    let fileShape = try grid.configuration.lengths("chunk_shape", minimum: 1, count: shape.count)
    if let transformers = reader.members["storage_transformers"], !transformers.isNull {
      guard let list = transformers.array else {
        throw reader.invalid("\"storage_transformers\" is \(transformers.excerpt)")
      }
      if let first = list.first {
        throw reader.unsupported("the storage transformer \(first["name"]?.excerpt ?? first.excerpt)", Advice.format)
      }
    }
    let keys = try Self.keys(reader)
    let fill = try reader.fill(try reader.required("fill_value"), type: type)
    var parser = CodecChainParser(reader: reader, fill: fill)
    let chain = try parser.chain(
      try reader.required("codecs"), shape: fileShape, type: type, order: Array(shape.indices))
    let attributes = reader.members["attributes"] ?? .object([:])
    guard attributes.object != nil else { throw reader.invalid("\"attributes\" is \(attributes.kind), not an object") }
    self.init(
      zarrFormat: 3, shape: shape, fileShape: fileShape, elementType: type, fill: fill, chain: chain, keys: keys,
      attributes: attributes, dimensionNames: try Self.dimensionNames(reader, axisCount: shape.count),
      codecSummary: Self.summary(
        zarrFormat: 3, type: type, fileShape: fileShape, codecs: parser.summary, fill: fill, keys: keys))
  }

  private static func elementType(_ reader: MetadataReader) throws(ZarrError) -> ElementType {
    let json = try reader.required("data_type")
    let name = json.string ?? (json["configuration"]?.object?.isEmpty != false ? json["name"]?.string : nil)
    guard let type = name.flatMap(ElementType.init(rawValue:)) else {
      throw reader.unsupported("the data type \(json.excerpt)", Advice.type)
    }
    return type
  }

  private static func keys(_ reader: MetadataReader) throws(ZarrError) -> ChunkKeys {
    let encoding = try reader.namedExtension(try reader.required("chunk_key_encoding"), what: "chunk key encoding")
    let isDefault = encoding.name == "default"
    guard isDefault || encoding.name == "v2" else {
      throw reader.unsupported("the chunk key encoding \"\(encoding.name)\"", Advice.format)
    }
    let separator = encoding.configuration.members["separator"] ?? (isDefault ? "/" : ".")
    guard separator == "/" || separator == "." else {
      throw reader.invalid("the separator of the chunk keys is \(separator.excerpt), neither \".\" nor \"/\"")
    }
    return ChunkKeys(hasPrefix: isDefault, separator: separator == "/" ? "/" : ".")
  }

  private static func dimensionNames(_ reader: MetadataReader, axisCount: Int) throws(ZarrError) -> [String?]? {
    guard let json = reader.members["dimension_names"], !json.isNull else { return nil }
    guard let list = json.array, list.count == axisCount, list.allSatisfy({ $0.isNull || $0.string != nil }) else {
      throw reader.invalid("\"dimension_names\" is \(json.excerpt), not \(axisCount) names")
    }
    return list.map(\.string)
  }
}

extension MetadataReader {
  /// Members that this reader does not know may say that they can be ignored; all others make a document unreadable.
  func refuseUnknownMembers(known: Set<String>) throws(ZarrError) {
    for key in members.keys.sorted() where !known.contains(key) && members[key]?["must_understand"]?.bool != false {
      throw unsupported("the metadata member \"\(key)\"", Advice.format)
    }
  }

  /// `{"name": …, "configuration": …}`, or the name alone.
  func namedExtension(
    _ json: JSONValue, what: String
  ) throws(ZarrError) -> (name: String, configuration: MetadataReader) {
    let configuration = json["configuration"] ?? .object([:])
    guard let name = json.string ?? json["name"]?.string, configuration.object != nil else {
      throw invalid("a \(what) is \(json.excerpt); it must have a \"name\"")
    }
    return (name, try MetadataReader(configuration, path: path))
  }
}
