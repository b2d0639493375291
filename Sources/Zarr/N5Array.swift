import Files
import Geometry
import JSON
import Store

/// One N5 array in a folder, to be read.
///
/// N5 lists axes with the fastest first; here they are in C order, so `x y z` of the file is `z y x`. Blocks are files
/// `x/y/z` below the array, with a header of their own; those at the edges are usually cut short. A missing block is 0.
public final class N5Array: ChunkedArray {
  /// The array's folder.
  public let place: Place
  /// Its address.
  public let path: String
  public let shape: [Int]
  public let chunkShape: [Int]
  public let elementType: ElementType
  public let fill: [UInt8]
  /// The members of attributes.json.
  public let attributes: JSONValue
  /// One line that changes when stored bytes would be understood differently.
  public let codecSummary: String

  private let codec: any ByteCodec
  private let chunkByteCount: Int
  private let chunkGrid: [Int]

  public static let metadataFile = "attributes.json"

  /// The attributes of a group or an array; nil if there are none.
  public static func attributes(_ folder: Place) throws(ZarrError) -> JSONValue? {
    let place = folder / metadataFile
    guard let document = try metadataDocument(place) else { return nil }
    guard document.object != nil else {
      throw .metadataInvalid(path: place.address, reason: "it is \(document.kind), not an object")
    }
    return document
  }

  public static func attributes(_ path: String) throws(ZarrError) -> JSONValue? { try attributes(Place(path)) }

  public static func open(_ path: String) throws(ZarrError) -> N5Array { try open(Place(path)) }

  public static func open(_ place: Place) throws(ZarrError) -> N5Array {
    guard let attributes = try attributes(place) else { throw .arrayMissing(path: place.address) }
    return try N5Array(place: place, attributes: attributes)
  }

  init(place: Place, attributes: JSONValue) throws(ZarrError) {
    let reader = try MetadataReader(attributes, path: (place / N5Array.metadataFile).address)
    let dimensions = try reader.lengths("dimensions", minimum: 0)
    let blockSize = try reader.lengths("blockSize", minimum: 1, count: dimensions.count)
    let typeName = try reader.string("dataType")
    guard let type = ElementType(rawValue: typeName), type != .float16 else {
      throw reader.unsupported("the data type \"\(typeName)\"", Advice.type)
    }
    (self.place, path, self.attributes, elementType) = (place, place.address, attributes, type)
    shape = dimensions.reversed()
    chunkShape = blockSize.reversed()
    fill = [UInt8](repeating: 0, count: type.byteCount)
    codec = try Self.codec(reader, type: type)
    chunkByteCount = try reader.chunkByteCount(chunkShape, type, isReadInParts: codec is Raw)
    chunkGrid = zip(shape, chunkShape).map { ceilDivide($0, $1) }
    codecSummary = "n5 \(type.rawValue) \(chunkShape.map(String.init).joined(separator: "x")) \(codec.summary)"
  }

  /// From `compression`, or `compressionType` of the first version.
  private static func codec(_ reader: MetadataReader, type: ElementType) throws(ZarrError) -> any ByteCodec {
    let value = reader.members["compression"]
    guard let name = value?["type"]?.string ?? value?.string ?? reader.members["compressionType"]?.string else {
      throw reader.invalid("\"compression\" names no type")
    }
    let title = "the compression \"\(name)\""
    guard let codec = Codecs.n5(name) else { throw reader.unsupported(title) }
    return try codec.init(
      CodecSettings(format: .n5, title: title, members: value?.object ?? [:], elementType: type, path: reader.path))
  }

  public func readChunk(
    _ index: [Int], into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> ChunkPresence {
    guard buffer.count == chunkByteCount else {
      throw .bufferMismatch(expectedByteCount: chunkByteCount, actualByteCount: buffer.count)
    }
    return try onBlock(index) { (object) throws(CodecFailure) in
      let byteCount = object.byteCount
      guard byteCount <= chunkByteCount + chunkByteCount / 4 + 1 << 20 else {
        throw .damaged("it has \(byteCount) bytes, more than a block of \(chunkByteCount) can have")
      }
      let stored = try context.push(byteCount: byteCount)
      defer { context.pop() }
      try read(object, at: 0, into: stored)
      try decode(UnsafeRawBufferPointer(stored), index: index, into: buffer, context: context)
      return byteCount
    }
  }

  /// Does something with the file of a block, and gives the bytes that were used of it.
  private func onBlock(
    _ index: [Int], _ work: (any StoredObject) throws(CodecFailure) -> Int
  ) throws(ZarrError) -> ChunkPresence {
    let block = try block(index)
    // a path below what is no folder finds nothing either
    guard let object = try onStorage({ () throws(StorageError) in try block.open() }) else {
      try checkIsThere()
      return .missing
    }
    do throws(CodecFailure) {
      return .present(storedByteCount: try work(object))
    } catch {
      throw error.error { .chunkDamaged(chunk: index, path: block.address, reason: $0) }
    }
  }

  private func read(
    _ object: any StoredObject, at offset: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) {
    let count: Int
    do throws(StorageError) { count = try object.read(at: offset, into: target) } catch { throw .io(.storage(error)) }
    guard count == target.count else { throw .damaged("it became shorter while it was read") }
  }

  public var chunkFiles: ChunkFiles? {
    ChunkFiles(place: place, counts: chunkGrid.reversed()) { $0.reversed().map(String.init).joined(separator: "/") }
  }

  public func anyStored(in chunks: [Range<Int>]) throws(ZarrError) -> Bool {
    guard chunks.count == shape.count, chunks.allSatisfy({ !$0.isEmpty }) else { return false }
    if try anyStored(below: place, chunks.reversed()[...]) { return true }
    try checkIsThere()
    return false
  }

  /// Whether anything is stored below a folder; if a folder is missing, all that would lie in it is.
  private func anyStored(below folder: Place, _ chunks: ArraySlice<Range<Int>>) throws(ZarrError) -> Bool {
    guard let first = chunks.first else { return true }
    let hasFolders = place.store.abilities.contains(.folders)
    for i in first {
      let entry = folder / "\(i)"
      let mayHold = try hasFolders || chunks.count == 1 ? entryExists(entry) : true
      if mayHold, try anyStored(below: entry, chunks.dropFirst()) { return true }
    }
    return false
  }

  /// Whether the array itself is still there, where nothing was found in it: a lost mount would look the same.
  private func checkIsThere() throws(ZarrError) { try checkMetadata(place / N5Array.metadataFile, of: path) }

  private func entryExists(_ place: Place) throws(ZarrError) -> Bool {
    try onStorage { () throws(StorageError) in try place.look() } != nil
  }

  private func block(_ index: [Int]) throws(ZarrError) -> Place {
    guard index.count == chunkGrid.count, zip(index, chunkGrid).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      throw .indexOutside(index: index, grid: chunkGrid, path: path)
    }
    return place / index.reversed().map(String.init).joined(separator: "/")
  }

  // MARK: - Blocks

  private func decode(
    _ stored: UnsafeRawBufferPointer, index: [Int], into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) {
    let (block, headerByteCount) = try header(stored, index: index)
    let byteCount = block.reduce(elementType.byteCount, *)
    let packed = UnsafeRawBufferPointer(rebasing: stored[headerByteCount...])
    let isWhole = byteCount == chunkByteCount
    let target = isWhole ? buffer : try context.push(byteCount: byteCount)
    defer { if !isWhole { context.pop() } }
    guard !packed.isEmpty else { throw .damaged("it has no data") }
    let count = try codec.decode(packed, into: target, context: context)
    guard count == byteCount else {
      throw .damaged("it decodes to \(count) bytes where \(byteCount) are expected")
    }
    if !hostIsBigEndian {
      swapBytes(UnsafeRawBufferPointer(target), to: target, elementByteCount: elementType.byteCount)
    }
    if !isWhole {
      fillChunk(
        buffer, shape: chunkShape, from: UnsafeRawBufferPointer(target), part: block,
        elementByteCount: elementType.byteCount)
    }
  }

  /// The block's own lengths in C order, and the offset of its data.
  private func header(_ stored: UnsafeRawBufferPointer, index: [Int]) throws(CodecFailure) -> ([Int], Int) {
    let rank = shape.count
    func word<T: FixedWidthInteger>(_ offset: Int, _: T.Type) -> Int {
      Int(T(bigEndian: stored.loadUnaligned(fromByteOffset: offset, as: T.self)))
    }
    guard stored.count >= 4 + 4 * rank else { throw .damaged("it ends in its header") }
    let mode = word(0, UInt16.self)
    guard mode == 0 || mode == 1 else { throw .damaged("blocks of mode \(mode) hold no numbers") }
    guard word(2, UInt16.self) == rank else {
      throw .damaged("its header has \(word(2, UInt16.self)) dimensions, the array \(rank)")
    }
    let block = (0..<rank).reversed().map { word(4 + 4 * $0, UInt32.self) }
    for axis in 0..<rank {
      let left = shape[axis] - index[axis] * chunkShape[axis]
      guard block[axis] <= chunkShape[axis], block[axis] >= min(left, chunkShape[axis]) else {
        throw .damaged("its header says \(block) voxels, which are not those of its place (z y x)")
      }
    }
    if mode == 0 { return (block, 4 + 4 * rank) }
    guard stored.count >= 8 + 4 * rank else { throw .damaged("it ends in its header") }
    guard word(4 + 4 * rank, UInt32.self) == block.reduce(1, *) else {
      throw .damaged("its header says \(word(4 + 4 * rank, UInt32.self)) elements for \(block) voxels")
    }
    return (block, 8 + 4 * rank)
  }
}

extension N5Array: ArrayInParts {
  package var parts: ChunkParts? {
    codec is Raw ? ChunkParts(ofChunk: chunkShape, elementByteCount: elementType.byteCount) : nil
  }

  package func readPart(
    of chunk: [Int], first: [Int], _ parts: ChunkParts, into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> ChunkPresence {
    try onBlock(chunk) { (object) throws(CodecFailure) in
      let element = elementType.byteCount
      let head = try context.push(byteCount: min(object.byteCount, 8 + 4 * shape.count))
      defer { context.pop() }
      try read(object, at: 0, into: head)
      let (block, headerByteCount) = try header(UnsafeRawBufferPointer(head), index: chunk)
      let (expected, found) = (block.reduce(element, *), object.byteCount - headerByteCount)
      guard found == expected else { throw .damaged("it has \(found) bytes of data where \(expected) are expected") }
      // blocks at the edge may end before the part does
      let part = zip(parts.shape, zip(block, first)).map { max(0, min($0, $1.0 - $1.1)) }
      let byteCount = part.reduce(element, *)
      let isWhole = byteCount == buffer.count
      let target = isWhole ? buffer : try context.push(byteCount: byteCount)
      defer { if !isWhole { context.pop() } }
      try read(object, at: headerByteCount + parts.voxels(before: first, stored: block) * element, into: target)
      if !hostIsBigEndian { swapBytes(UnsafeRawBufferPointer(target), to: target, elementByteCount: element) }
      if !isWhole {
        fillChunk(buffer, shape: parts.shape, from: UnsafeRawBufferPointer(target), part: part, elementByteCount: element)
      }
      return byteCount
    }
  }
}
