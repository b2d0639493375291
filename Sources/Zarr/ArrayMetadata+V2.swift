import Geometry
import JSON

/// `.zarray` of Zarr v2: its order, data type, filters and compressor become a codec chain.
extension ArrayMetadata {
  /// - Parameter folder: the folder of the chunks, which is looked at if the metadata do not say how those are named; nil
  ///   if there are none yet.
  init(v2 json: JSONValue, attributes: JSONValue, path: String, folder: String? = nil) throws(ZarrError) {
    let reader = try MetadataReader(json, path: path)
    try reader.zarrFormat(2)
    let shape = try reader.lengths("shape", minimum: 0)
    let chunks = try reader.lengths("chunks", minimum: 1, count: shape.count)
    let typeJSON = try reader.required("dtype")
    guard let typeString = typeJSON.string, let (type, isBigEndian) = ElementType.parse(typeString: typeString) else {
      throw reader.unsupported("the data type \(typeJSON.excerpt)", Advice.type)
    }
    let byteCount = try reader.chunkByteCount(chunks, type)
    var order = Array(shape.indices)
    var codecs: [String] = []
    switch try reader.string("order") {
    case "C": break
    case "F":
      order.reverse()
      codecs.append("order F")
    case let other: throw reader.invalid("\"order\" is \"\(other)\", neither \"C\" nor \"F\"")
    }
    let delta = try Self.delta(reader, type: type, typeString: typeString)
    if let delta { codecs.append("delta \(delta.storedType)\(delta.isStoredBigEndian ? " big" : "")") }
    codecs.append(isBigEndian ? "bytes big" : "bytes little")
    let packer = try Self.packer(reader)
    if let packer { codecs.append("\(packer)") }
    let layout = CodecChain.ElementLayout(
      swapsBytes: isBigEndian != hostIsBigEndian && type.byteCount > 1,
      transposition: Transposition(shape: chunks, order: order), delta: delta)
    let keys = ChunkKeys(hasPrefix: false, separator: try Self.separator(reader, folder: folder, axisCount: shape.count))
    let fill = try reader.fill(reader.members["fill_value"] ?? .null, type: type)
    self.init(
      zarrFormat: 2, shape: shape, fileShape: chunks, elementType: type, fill: fill,
      chain: CodecChain(
        elementType: type, shape: chunks, byteCount: byteCount,
        layout: .elements(layout), packers: packer.map { [$0] } ?? []),
      keys: keys, attributes: attributes, dimensionNames: nil,
      codecSummary: Self.summary(
        zarrFormat: 2, type: type, fileShape: chunks, codecs: codecs, fill: fill, keys: keys))
  }

  private static func separator(
    _ reader: MetadataReader, folder: String?, axisCount: Int
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

  private static func packer(_ reader: MetadataReader) throws(ZarrError) -> CodecChain.Packer? {
    let json = try reader.required("compressor")
    if json.isNull { return nil }
    switch json["id"]?.string {
    case "zstd": return .zstd
    case "gzip": return .gzip
    case "zlib": return .zlib
    case "blosc": return .blosc
    case "lz4": return .lz4
    case .some(let name): throw reader.unsupported("the compressor \"\(name)\"")
    case nil: throw reader.invalid("\"compressor\" is \(json.excerpt); it must be null or an object with an \"id\"")
    }
  }

  private static func delta(
    _ reader: MetadataReader, type: ElementType, typeString: String
  ) throws(ZarrError) -> DeltaFilter? {
    guard let filters = reader.members["filters"], !filters.isNull, filters.array?.isEmpty != true else { return nil }
    guard let list = filters.array, let first = list.first else {
      throw reader.invalid("\"filters\" is \(filters.excerpt)")
    }
    for filter in list {
      guard let id = filter["id"]?.string else { throw reader.invalid("a filter without an \"id\"") }
      guard id == "delta" else { throw reader.unsupported("the filter \"\(id)\"") }
    }
    guard list.count == 1 else { throw reader.unsupported("more than one filter") }
    let dtype = first["dtype"]?.string ?? typeString
    let astype = first["astype"]?.string ?? dtype
    guard let decoded = ElementType.parse(typeString: dtype), decoded.type == type,
      let stored = ElementType.parse(typeString: astype), type != .float16,
      type.isInteger ? stored.type.isInteger : stored.type == type
    else { throw reader.unsupported("the filter \"delta\" from \(dtype) to \(astype) for \(type.rawValue)") }
    // the filter's result is read in the array's own byte order
    guard decoded.isBigEndian == ElementType.parse(typeString: typeString)?.isBigEndian else {
      throw reader.unsupported("the filter \"delta\" for \(dtype) in an array of \(typeString)")
    }
    return DeltaFilter(elementType: type, storedType: stored.type, isStoredBigEndian: stored.isBigEndian)
  }
}
