import Geometry
import JSON

/// Turns v3's list of codecs into a chain: array to array codecs, one array to bytes codec, bytes to bytes codecs.
struct CodecChainParser {
  let reader: MetadataReader
  let fill: [UInt8]
  /// The codecs so far, for change detection.
  private(set) var summary: [String] = []

  init(reader: MetadataReader, fill: [UInt8]) {
    (self.reader, self.fill) = (reader, fill)
  }

  /// - Parameters:
  ///   - shape: of the decoded chunk, in the array's axis order.
  ///   - order: how transpositions outside this chain have permuted the axes already.
  mutating func chain(
    _ json: JSONValue, shape: [Int], type: ElementType, order: [Int]
  ) throws(ZarrError) -> CodecChain {
    guard let codecs = json.array else { throw reader.invalid("\"codecs\" is \(json.excerpt), not a list") }
    var order = order
    var layout: CodecChain.Layout?
    var filter: (any ElementCodec)?
    var packers: [any ByteCodec] = []
    for codec in codecs {
      let (name, configuration) = try reader.namedExtension(codec, what: "codec")
      switch name {
      case "transpose":
        guard layout == nil else { throw reader.invalid("the codec \"transpose\" stands after the bytes") }
        guard filter == nil else { throw reader.unsupported("the codec \"transpose\" after one that changes elements") }
        let permutation = try transposition(configuration, axisCount: shape.count)
        order = permutation.map { order[$0] }
        summary.append("transpose \(permutation.map(String.init).joined(separator: ","))")
      case "bytes":
        guard layout == nil else { throw reader.invalid("there are two codecs that make bytes") }
        let isBigEndian = try self.isBigEndian(configuration, type: filter?.storedType ?? type)
        filter?.isStoredBigEndian = isBigEndian
        if let filter { summary.append(filter.summary) }
        summary.append(isBigEndian ? "bytes big" : "bytes little")
        // before a transposition counts the elements
        _ = try reader.chunkByteCount(shape, type, isReadInParts: true)
        layout = .elements(
          CodecChain.ElementLayout(
            swapsBytes: type.byteCount > 1 && isBigEndian != hostIsBigEndian,
            shape: shape, order: order, filter: filter))
      case "sharding_indexed":
        guard layout == nil else { throw reader.invalid("there are two codecs that make bytes") }
        guard filter == nil else { throw reader.unsupported("the codec \"sharding_indexed\" after one that changes elements") }
        layout = .shard(try shard(configuration, shape: shape, type: type, order: order))
      default:
        let title = "the codec \"\(name)\""
        guard let kind = Codecs.v3(name) else { throw reader.unsupported(title) }
        let settings = CodecSettings(
          format: .zarrV3, title: title, members: configuration.members, elementType: type, path: reader.path)
        if let kind = kind as? any ElementCodec.Type {
          guard layout == nil else { throw reader.invalid("\(title) stands after the bytes") }
          // programs differ in the order of the elements that such a codec is given
          guard filter == nil, order == Array(shape.indices) else {
            throw reader.unsupported("\(title) after another one, or after a transposition,")
          }
          filter = try kind.init(settings)
        } else if let kind = kind as? any ByteCodec.Type {
          guard layout != nil else { throw reader.invalid("\(title) stands before the bytes") }
          let packer = try kind.init(settings)
          packers.append(packer)
          summary.append(packer.summary)
        }
      }
    }
    guard let layout else { throw reader.invalid("no codec makes bytes (\"bytes\" or \"sharding_indexed\")") }
    let byteCount: Int
    if case .shard = layout, packers.isEmpty {
      // such a shard is read in parts and may be larger than any chunk, unless it lies in another one
      byteCount = checkedProduct(shape + [type.byteCount]) ?? .max
    } else {
      byteCount = try reader.chunkByteCount(shape, type, isReadInParts: packers.isEmpty && filter == nil)
    }
    return CodecChain(elementType: type, shape: shape, byteCount: byteCount, layout: layout, packers: packers)
  }

  private func transposition(_ configuration: MetadataReader, axisCount: Int) throws(ZarrError) -> [Int] {
    let json = try configuration.required("order")
    // drafts of v3 spelled the two common orders as letters
    if json == "C" { return Array(0..<axisCount) }
    if json == "F" { return (0..<axisCount).reversed() }
    let order = json.array?.compactMap(\.int) ?? []
    guard order.sorted() == Array(0..<axisCount) else {
      throw reader.invalid("the order \(json.excerpt) of \"transpose\" does not permute \(axisCount) axes")
    }
    return order
  }

  private func isBigEndian(_ configuration: MetadataReader, type: ElementType) throws(ZarrError) -> Bool {
    switch configuration.members["endian"] {
    case .some("little"): return false
    case .some("big"): return type.byteCount > 1
    case nil, .some(.null):
      guard type.byteCount == 1 else { throw reader.invalid("the codec \"bytes\" does not say its \"endian\"") }
      return false
    case .some(let other): throw reader.invalid("\"endian\" is \(other.excerpt), neither \"little\" nor \"big\"")
    }
  }

  private mutating func shard(
    _ configuration: MetadataReader, shape: [Int], type: ElementType, order: [Int]
  ) throws(ZarrError) -> ShardLayout {
    let storedInner = try configuration.lengths("chunk_shape", minimum: 1, count: shape.count)
    var inner = shape
    for (i, axis) in order.enumerated() { inner[axis] = storedInner[i] }
    guard zip(shape, inner).allSatisfy({ $0 % $1 == 0 }) else {
      throw reader.invalid("the inner chunk \(inner) does not divide the shard \(shape)")
    }
    let grid = zip(shape, inner).map { $0 / $1 }
    let isIndexAtStart: Bool
    switch configuration.members["index_location"] {
    case nil, .some("end"): isIndexAtStart = false
    case .some("start"): isIndexAtStart = true
    case .some(let other): throw reader.invalid("\"index_location\" is \(other.excerpt), neither \"start\" nor \"end\"")
    }
    let outerSummary = summary
    summary = []
    let innerChain = try chain(try configuration.required("codecs"), shape: inner, type: type, order: order)
    if case .shard = innerChain.layout { _ = try reader.chunkByteCount(inner, type) }
    let innerSummary = summary.joined(separator: " | ")
    summary = []
    let indexShape = order.map { grid[$0] } + [2]
    let index = try chain(
      try configuration.required("index_codecs"), shape: indexShape, type: .uint64, order: Array(indexShape.indices))
    let (shape, place) = (inner.map(String.init).joined(separator: "x"), isIndexAtStart ? "start" : "end")
    summary =
      outerSummary + ["shard \(shape) (\(innerSummary)) index at \(place) (\(summary.joined(separator: " | ")))"]
    guard index.fixedStoredByteCount != nil, index.byteCount <= CodecChain.maximumByteCount else {
      throw reader.unsupported("an index of shards whose codecs are not of fixed size (\"bytes\" and \"crc32c\")")
    }
    return ShardLayout(
      order: order, grid: grid, inner: innerChain, index: index, isIndexAtStart: isIndexAtStart, fill: fill)
  }
}
