import Geometry
import JSON
import Store

/// `.zarray` of Zarr v2: its order, data type, filters and compressor become a codec chain.
extension ArrayMetadata {
  /// - Parameter folder: the folder of the chunks, which is looked at if the metadata do not say how those are named; nil
  ///   if there are none yet.
  init(v2 json: JSONValue, attributes: JSONValue, path: String, folder: Place? = nil) throws(ZarrError) {
    let reader = try MetadataReader(json, path: path)
    try reader.zarrFormat(2)
    let shape = try reader.lengths("shape", minimum: 0)
    let chunks = try reader.lengths("chunks", minimum: 1, count: shape.count)
    let typeJSON = try reader.required("dtype")
    guard let typeString = typeJSON.string, let (type, isBigEndian) = ElementType.parse(typeString: typeString) else {
      throw reader.unsupported("the data type \(typeJSON.excerpt)", Advice.type)
    }
    var order = Array(shape.indices)
    var codecs: [String] = []
    switch try reader.string("order") {
    case "C": break
    case "F":
      order.reverse()
      codecs.append("order F")
    case let other: throw reader.invalid("\"order\" is \"\(other)\", neither \"C\" nor \"F\"")
    }
    let (filter, packers) = try Self.codecs(reader, type: type, typeName: typeString)
    if let filter { codecs.append(filter.summary) }
    codecs.append(isBigEndian ? "bytes big" : "bytes little")
    codecs += packers.map(\.summary)
    let byteCount = try reader.chunkByteCount(chunks, type, isReadInParts: filter == nil && packers.isEmpty)
    let layout = CodecChain.ElementLayout(
      swapsBytes: isBigEndian != hostIsBigEndian && type.byteCount > 1,
      shape: chunks, order: order, filter: filter)
    let keys = ChunkKeys(hasPrefix: false, separator: try Self.separator(reader, folder: folder, axisCount: shape.count))
    let fill = try reader.fill(reader.members["fill_value"] ?? .null, type: type)
    self.init(
      zarrFormat: 2, shape: shape, fileShape: chunks, elementType: type, fill: fill,
      chain: CodecChain(
        elementType: type, shape: chunks, byteCount: byteCount,
        layout: .elements(layout), packers: packers),
      keys: keys, attributes: attributes, dimensionNames: nil,
      codecSummary: Self.summary(
        zarrFormat: 2, type: type, fileShape: chunks, codecs: codecs, fill: fill, keys: keys))
  }

  private static func separator(
    _ reader: MetadataReader, folder: Place?, axisCount: Int
  ) throws(ZarrError) -> Character {
    switch reader.members["dimension_separator"] {
    case nil:
      guard let folder else { return "." }
      return try ChunkKeys.unwrittenSeparator(in: folder, axisCount: axisCount)
    case .some(.null), .some("."): return "."
    case .some("/"): return "/"
    case .some(let other): throw reader.invalid("\"dimension_separator\" is \(other.excerpt), neither \".\" nor \"/\"")
    }
  }

  /// The codecs that the metadata name: of `filters` at most one that makes elements of elements, then those that make bytes of bytes, then the `compressor`.
  private static func codecs(
    _ reader: MetadataReader, type: ElementType, typeName: String
  ) throws(ZarrError) -> ((any ElementCodec)?, [any ByteCodec]) {
    func settings(_ title: String, _ json: JSONValue) -> CodecSettings {
      CodecSettings(
        format: .zarrV2, title: title, members: json.object ?? [:], elementType: type, typeName: typeName, path: reader.path)
    }
    var filters: [(kind: any Codec.Type, settings: CodecSettings)] = []
    for json in try list(ofFilters: reader) {
      guard let id = json["id"]?.string else { throw reader.invalid("a filter without an \"id\"") }
      let title = "the filter \"\(id)\""
      guard let kind = Codecs.filterV2(id) else { throw reader.unsupported(title) }
      filters.append((kind, settings(title, json)))
    }
    guard !filters.dropFirst().contains(where: { $0.kind is any ElementCodec.Type }) else {
      throw reader.unsupported("more than one filter")
    }
    var element: (any ElementCodec)?
    var packers: [any ByteCodec] = []
    for (kind, settings) in filters {
      switch try kind.init(settings) {
      case let codec as any ElementCodec: element = codec
      case let codec as any ByteCodec: packers.append(codec)
      default: throw reader.unsupported(settings.title)
      }
    }
    let json = try reader.required("compressor")
    if json.isNull { return (element, packers) }
    guard let id = json["id"]?.string else {
      throw reader.invalid("\"compressor\" is \(json.excerpt); it must be null or an object with an \"id\"")
    }
    let title = "the compressor \"\(id)\""
    guard let kind = Codecs.compressorV2(id) else { throw reader.unsupported(title) }
    packers.append(try kind.init(settings(title, json)))
    return (element, packers)
  }

  private static func list(ofFilters reader: MetadataReader) throws(ZarrError) -> [JSONValue] {
    guard let filters = reader.members["filters"], !filters.isNull else { return [] }
    guard let list = filters.array else { throw reader.invalid("\"filters\" is \(filters.excerpt)") }
    return list
  }
}
