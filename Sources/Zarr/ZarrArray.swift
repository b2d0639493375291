import Geometry
import JSON
import Store

/// One Zarr array in a folder, v2 or v3: its layout, and its chunks one at a time.
///
/// Chunks are read in *read units* (the chunk, or the inner chunk of a shard) and written in *blocks* (one file: the
/// chunk, or the shard). A chunk or shard without a file is the fill value; everything else that is not as it should be
/// is an error that names chunk and file.
public final class ZarrArray: Sendable {
  /// The array's folder.
  public let place: Place
  /// Its address.
  public let path: String
  public let shape: [Int]
  /// The shape of one read unit.
  public let chunkShape: [Int]
  /// The shape of one block, if it holds several read units.
  public let shardShape: [Int]?
  public let elementType: ElementType
  /// One element, in the host's byte order.
  public let fill: [UInt8]
  /// A name for each axis; v3 only.
  public let dimensionNames: [String?]?
  public let attributes: JSONValue
  public let zarrFormat: Int
  /// One line that changes when stored bytes would be understood differently: type, chunks, codecs, fill value, keys.
  public let codecSummary: String
  /// Read units along each axis.
  public let chunkGrid: [Int]
  /// Blocks along each axis.
  public let blockGrid: [Int]
  /// Read units of a block along each axis; all 1 if a block is a chunk.
  public let chunksPerBlock: [Int]
  /// The bytes of a decoded read unit.
  public let chunkByteCount: Int

  let keys: ChunkKeys
  /// The codecs of one read unit.
  let chain: CodecChain
  /// The layout of a shard, if several read units share a file.
  let shard: ShardLayout?
  /// The compressor to write with; nil for arrays opened to be read.
  let compressor: Compressor?

  /// Opens an array by its metadata; v3 is preferred where both versions are there.
  public static func open(_ path: String) throws(ZarrError) -> ZarrArray { try open(Place(path)) }

  public static func open(_ place: Place) throws(ZarrError) -> ZarrArray {
    let v3 = place / ZarrFileName.v3
    let document = try metadataDocument(v3)
    let v3Path = v3.address
    if let document, document["node_type"] != "group" {
      let reader = try MetadataReader(document, path: v3Path)
      guard try reader.string("node_type") == "array" else {
        throw reader.unsupported("the node type \(document["node_type"]?.excerpt ?? "")", Advice.format)
      }
      return try ZarrArray(place: place, metadata: ArrayMetadata(v3: document, path: v3Path), compressor: nil)
    }
    let v2 = place / ZarrFileName.v2Array
    guard let v2Document = try metadataDocument(v2) else {
      if document != nil {
        throw .metadataInvalid(path: v3Path, reason: "it is a group, not an array", advice: "give the path of an array in the group")
      }
      throw .arrayMissing(path: place.address)
    }
    let attributes = try v2Attributes(place)
    return try ZarrArray(
      place: place, metadata: ArrayMetadata(v2: v2Document, attributes: attributes, path: v2.address, folder: place),
      compressor: nil)
  }

  /// An array that we write; nothing is read from or written to the folder.
  public convenience init(path: String, spec: ArraySpec) throws(ZarrError) { try self.init(place: Place(path), spec: spec) }

  public convenience init(place: Place, spec: ArraySpec) throws(ZarrError) {
    try spec.validate()
    let path = place.address
    let metadata: ArrayMetadata
    do throws(ZarrError) {
      // by way of its own metadata: what is written is what will be read
      metadata =
        if spec.zarrFormat == 2 {
          try ArrayMetadata(v2: spec.metadata, attributes: spec.attributes, path: path)
        } else {
          try ArrayMetadata(v3: spec.metadata, path: path)
        }
    } catch .metadataInvalid(_, let reason, _) {
      throw .specInvalid(reason: reason)
    } catch .unsupported(_, let feature, _) {
      throw .specInvalid(reason: "\(feature) is not supported")
    }
    try self.init(place: place, metadata: metadata, compressor: spec.compressor)
  }

  private init(place: Place, metadata: ArrayMetadata, compressor: Compressor?) throws(ZarrError) {
    (self.place, path) = (place, place.address)
    shape = metadata.shape
    elementType = metadata.elementType
    fill = metadata.fill
    dimensionNames = metadata.dimensionNames
    attributes = metadata.attributes
    zarrFormat = metadata.zarrFormat
    codecSummary = metadata.codecSummary
    keys = metadata.keys
    self.compressor = compressor
    if case .shard(let layout) = metadata.chain.layout, metadata.chain.packers.isEmpty {
      shard = layout
      chain = layout.inner
      shardShape = metadata.fileShape
      chunksPerBlock = layout.grid
    } else {
      // a packed shard can only be read as a whole
      shard = nil
      chain = metadata.chain
      shardShape = nil
      chunksPerBlock = [Int](repeating: 1, count: metadata.shape.count)
    }
    chunkShape = chain.shape
    chunkByteCount = chain.byteCount
    chunkGrid = zip(shape, chunkShape).map { ceilDivide($0, $1) }
    blockGrid = zip(shape, metadata.fileShape).map { ceilDivide($0, $1) }
  }

  /// Whether what we write to it carries its own checksums; else those of the files have to be kept elsewhere.
  public var carriesChecksums: Bool { chain.packers.contains { type(of: $0).hasChecksum } }

  /// The path, relative to `path`, of the file of a block.
  public func blockFile(_ index: [Int]) -> String {
    keys.key(index)
  }

  /// The address of a block, whether it is there or not.
  package func blockPath(_ index: [Int]) -> String { address(blockKey(index)) }

  /// The key of a block in the array's store.
  package func blockKey(_ index: [Int]) -> String {
    place.key.isEmpty ? keys.key(index) : place.key + "/" + keys.key(index)
  }

  /// What the block of a key is called in messages.
  func address(_ key: String) -> String { place.store.address(of: key) }

  /// Whether the array itself is still there, where nothing was found in it: a lost mount would look the same, also where
  /// an empty folder is left of it. So it is asked for its metadata.
  func checkIsThere() throws(ZarrError) { try checkMetadata(place / ZarrFileName.array(zarrFormat: zarrFormat), of: path) }

  /// The block that holds a read unit, and the unit's position in it.
  func block(ofChunk index: [Int]) -> (block: [Int], inner: [Int]) {
    var block = index
    var inner = index
    for axis in index.indices {
      (block[axis], inner[axis]) = index[axis].quotientAndRemainder(dividingBy: chunksPerBlock[axis])
    }
    return (block, inner)
  }

  func check(_ index: [Int], in grid: [Int]) throws(ZarrError) {
    guard index.count == grid.count, zip(index, grid).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      throw .indexOutside(index: index, grid: grid, path: path)
    }
  }
}
