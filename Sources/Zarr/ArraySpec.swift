import Foundation
import Geometry
import JSON

/// An array that we write: its layout, encoding and attributes, and the metadata files that say so to every reader.
///
/// v2: C order, little endian, no filters, separator `/`. v3: little endian, default chunk keys, and if `shardShape`
/// is given one file a shard, its index at the end with a crc32c; chunks whose compressor has no checksum get a crc32c, too.
public struct ArraySpec: Sendable, Hashable {
  /// 2 or 3.
  public var zarrFormat: Int
  public var shape: [Int]
  /// The shape of what one codec call encodes; the inner chunk if the array is sharded.
  public var chunkShape: [Int]
  /// The shape of one file; a multiple of `chunkShape` along each axis; v3 only.
  public var shardShape: [Int]?
  public var elementType: ElementType
  public var compressor: Compressor
  /// A name for each axis. v2 has no place for them but the attribute by which xarray knows an array.
  public var dimensionNames: [String]?
  /// An object.
  public var attributes: JSONValue
  /// The value of what is not stored.
  public var fill: JSONValue

  public init(
    zarrFormat: Int, shape: [Int], chunkShape: [Int], shardShape: [Int]? = nil, elementType: ElementType,
    compressor: Compressor, dimensionNames: [String]? = nil, attributes: JSONValue = .object([:]),
    fill: JSONValue? = nil
  ) {
    self.zarrFormat = zarrFormat
    self.shape = shape
    self.chunkShape = chunkShape
    self.shardShape = shardShape
    self.elementType = elementType
    self.compressor = compressor
    self.dimensionNames = dimensionNames
    self.attributes = attributes
    self.fill = fill ?? (elementType.isInteger ? 0 : 0.0)
  }

  /// The files of the array's folder, metadata last if there are several.
  public func metadataFiles() -> [(name: String, bytes: Data)] {
    if zarrFormat == 2 {
      var attributes = attributes.object ?? [:]
      if let dimensionNames { attributes["_ARRAY_DIMENSIONS"] = .array(dimensionNames.map { .string($0) }) }
      return [
        (ZarrFileName.v2Attributes, JSONValue.object(attributes).serialized(pretty: true)),
        (ZarrFileName.v2Array, metadata.serialized(pretty: true)),
      ]
    }
    return [(ZarrFileName.v3, metadata.serialized(pretty: true))]
  }

  /// Throws if no reader could read the array.
  public func validate() throws(ZarrError) {
    guard zarrFormat == 2 || zarrFormat == 3 else { throw .specInvalid(reason: "there is no Zarr v\(zarrFormat)") }
    guard attributes.object != nil else { throw .specInvalid(reason: "the attributes are \(attributes.kind)") }
    if let names = dimensionNames, names.count != shape.count {
      throw .specInvalid(reason: "\(names.count) dimension names for \(shape.count) axes")
    }
    guard fillBytes(fill, type: elementType) != nil else {
      throw .specInvalid(reason: "the fill value \(fill.text) is no \(elementType.rawValue)")
    }
    try compressor.validate()
    if let limit = compressor.limit, byteCount(of: chunkShape).map({ $0 > limit.byteCount }) ?? true {
      throw .specInvalid(reason: "a chunk of \(chunkShape) is too large for \(limit.name)")
    }
    guard let shardShape else { return }
    guard zarrFormat == 3 else { throw .specInvalid(reason: "shards need Zarr v3") }
    guard shardShape.count == chunkShape.count, zip(shardShape, chunkShape).allSatisfy({ $1 > 0 && $0 % $1 == 0 })
    else { throw .specInvalid(reason: "the shard \(shardShape) is not a multiple of the chunk \(chunkShape)") }
  }

  private func byteCount(of box: [Int]) -> Int? {
    checkedProduct(box + [elementType.byteCount])
  }

  /// The content of `.zarray` or `zarr.json`.
  var metadata: JSONValue {
    zarrFormat == 2 ? metadataV2 : metadataV3
  }

  private var metadataV2: JSONValue {
    [
      "zarr_format": 2, "shape": list(shape), "chunks": list(chunkShape), "dtype": .string(elementType.typeString),
      "compressor": compressor.metadataV2(elementByteCount: elementType.byteCount), "fill_value": fill, "order": "C", "filters": .null,
      "dimension_separator": "/",
    ]
  }

  private var metadataV3: JSONValue {
    var members: [String: JSONValue] = [
      "zarr_format": 3, "node_type": "array", "shape": list(shape), "data_type": .string(elementType.rawValue),
      "chunk_grid": extensionObject("regular", ["chunk_shape": list(shardShape ?? chunkShape)]),
      "chunk_key_encoding": extensionObject("default", ["separator": "/"]),
      "fill_value": fill, "attributes": attributes,
    ]
    if let dimensionNames { members["dimension_names"] = .array(dimensionNames.map { .string($0) }) }
    var codecs = [bytesCodec]
    if let codec = compressor.metadataV3(elementByteCount: elementType.byteCount) { codecs.append(codec) }
    if !compressor.hasChecksum { codecs.append(["name": "crc32c"]) }
    if shardShape != nil {
      codecs = [
        extensionObject(
          "sharding_indexed",
          [
            "chunk_shape": list(chunkShape), "codecs": .array(codecs), "index_location": "end",
            "index_codecs": .array([bytesCodec, ["name": "crc32c"]]),
          ])
      ]
    }
    members["codecs"] = .array(codecs)
    return .object(members)
  }

  /// Elements of one byte need not say their order, but older readers (zarr-java, Webknossos, vizarr) want it.
  private var bytesCodec: JSONValue { extensionObject("bytes", ["endian": "little"]) }

  private func list(_ numbers: [Int]) -> JSONValue { .array(numbers.map { .int(Int64($0)) }) }

  private func extensionObject(_ name: String, _ configuration: JSONValue) -> JSONValue {
    ["name": .string(name), "configuration": configuration]
  }
}

/// The product of lengths, or nil when it does not fit an `Int`.
func checkedProduct(_ lengths: [Int]) -> Int? {
  var product = 1
  for length in lengths {
    let (value, overflow) = product.multipliedReportingOverflow(by: length)
    if overflow { return nil }
    product = value
  }
  return product
}
