import Files
import Foundation
import Geometry
import JSON

/// One N5 array in a folder, to be read.
///
/// N5 lists axes with the fastest first; here they are in C order, so `x y z` of the file is `z y x`. Blocks are files
/// `x/y/z` below the array, with a header of their own; those at the edges are usually cut short. A missing block is 0.
public final class N5Array: ChunkedArray {
  /// The array's folder.
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
  public static func attributes(_ path: String) throws(ZarrError) -> JSONValue? {
    let file = path + "/" + metadataFile
    guard let document = try metadataDocument(file) else { return nil }
    guard document.object != nil else { throw .metadataInvalid(path: file, reason: "it is \(document.kind), not an object") }
    return document
  }

  public static func open(_ path: String) throws(ZarrError) -> N5Array {
    guard let attributes = try attributes(path) else { throw .arrayMissing(path: path) }
    return try N5Array(path: path, attributes: attributes)
  }

  init(path: String, attributes: JSONValue) throws(ZarrError) {
    let reader = try MetadataReader(attributes, path: path + "/" + N5Array.metadataFile)
    let dimensions = try reader.lengths("dimensions", minimum: 0)
    let blockSize = try reader.lengths("blockSize", minimum: 1, count: dimensions.count)
    let typeName = try reader.string("dataType")
    guard let type = ElementType(rawValue: typeName), type != .float16 else {
      throw reader.unsupported("the data type \"\(typeName)\"", Advice.type)
    }
    (self.path, self.attributes, elementType) = (path, attributes, type)
    shape = dimensions.reversed()
    chunkShape = blockSize.reversed()
    fill = [UInt8](repeating: 0, count: type.byteCount)
    codec = try Self.codec(reader, type: type)
    chunkByteCount = try reader.chunkByteCount(chunkShape, type)
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
    let blockPath = try blockPath(index)
    guard buffer.count == chunkByteCount else {
      throw .bufferMismatch(expectedByteCount: chunkByteCount, actualByteCount: buffer.count)
    }
    // a path below what is no folder finds nothing either
    guard let file = try onStorage({ () throws(StorageError) in try FileReader.open(blockPath) }) else {
      guard FileStatus.isFolder(path) else { throw .arrayMissing(path: path) }
      return .missing
    }
    do throws(CodecFailure) {
      guard file.byteCount <= chunkByteCount + chunkByteCount / 4 + 1 << 20 else {
        throw .damaged("it has \(file.byteCount) bytes, more than a block of \(chunkByteCount) can have")
      }
      let stored = try context.push(byteCount: file.byteCount)
      defer { context.pop() }
      let count: Int
      do throws(StorageError) { count = try file.read(at: 0, into: stored) } catch { throw .io(.storage(error)) }
      guard count == stored.count else { throw .damaged("it became shorter while it was read") }
      try decode(UnsafeRawBufferPointer(stored), index: index, into: buffer, context: context)
    } catch {
      throw error.error { .chunkDamaged(chunk: index, path: blockPath, reason: $0) }
    }
    return .present(storedByteCount: file.byteCount)
  }

  public func anyStored(in chunks: [Range<Int>]) throws(ZarrError) -> Bool {
    guard chunks.count == shape.count, chunks.allSatisfy({ !$0.isEmpty }) else { return false }
    if try anyStored(below: path, chunks.reversed()[...]) { return true }
    guard FileStatus.isFolder(path) else { throw .arrayMissing(path: path) }
    return false
  }

  /// Whether anything is stored below a folder; if a folder is missing, all that would lie in it is.
  private func anyStored(below folder: String, _ chunks: ArraySlice<Range<Int>>) throws(ZarrError) -> Bool {
    guard let first = chunks.first else { return true }
    for i in first {
      let entry = "\(folder)/\(i)"
      if try entryExists(entry), try anyStored(below: entry, chunks.dropFirst()) { return true }
    }
    return false
  }

  private func entryExists(_ path: String) throws(ZarrError) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return true }
    guard errno == ENOENT else { throw .storage(.io(step: .stat, path: path, errno: errno)) }
    return false
  }

  private func blockPath(_ index: [Int]) throws(ZarrError) -> String {
    guard index.count == chunkGrid.count, zip(index, chunkGrid).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      throw .indexOutside(index: index, grid: chunkGrid, path: path)
    }
    return path + "/" + index.reversed().map(String.init).joined(separator: "/")
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
