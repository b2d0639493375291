import CHDF5
import Files
import Foundation
import Geometry
import Zarr

/// One data set of an HDF5 file, read chunk by chunk. Its file may be closed between two chunks (`HDF5Pool`).
///
/// libhdf5 finds a chunk and reads its stored bytes, one thread at a time; they are decoded outside its turn, so that all
/// cores decode (`HDF5Filters`). A contiguous data set is cut into rows that are read from the file directly. What only
/// libhdf5 can decode it decodes itself, in turn.
public final class HDF5Array: ChunkedArray {
  private enum Access: Sendable {
    case rows(offset: Int)
    case chunks(HDF5Filters)
    case library
  }

  public let shape: [Int]
  public let chunkShape: [Int]
  public let storesChunks: Bool
  public let elementType: ElementType
  public let fill: [UInt8]
  public let codecSummary: String
  package let parts: ChunkParts?

  /// The file that its voxels are in: another one if a link leads there.
  public let path: String
  /// Other files that voxels come from, if it is put together from them.
  public var sourceFiles: [String] { sources.files }

  /// The file that it was opened by.
  private let filePath: String
  /// Its path in the file.
  private let inner: String
  private let identity: [UInt64]
  private let access: Access
  private let sources: HDF5Sources
  private let swapsBytes: Bool
  private let chunkByteCount: Int

  /// Rows of a contiguous data set that are read at a time, and boxes of one that only the library can read.
  private static let pieceByteCount = 1 << 20

  /// - Parameter readsSignedAsUnsigned: 16 bit integers are unsigned whatever the file says: BigDataViewer writes them
  ///   so, since HDF5 for Java knew no others.
  public static func open(
    _ file: HDF5File, _ inner: String, readsSignedAsUnsigned: Bool = false
  ) throws(ZarrError) -> HDF5Array {
    try HDF5Array(file, inner, readsSignedAsUnsigned: readsSignedAsUnsigned)
  }

  private init(_ file: HDF5File, _ inner: String, readsSignedAsUnsigned: Bool) throws(ZarrError) {
    let place = "\(file.path), \(inner)"
    var info = chdf5_info()
    let dataset = try HDF5Dataset(file, inner, info: &info)
    let rank = Int(info.rank)
    let lengths = Self.lengths(info.dims, rank)
    guard let type = Self.elementType(info, readsSignedAsUnsigned: readsSignedAsUnsigned) else {
      throw .unsupported(
        path: place, feature: "an element of another kind than whole and IEEE numbers of 1 to 8 bytes", advice: Advice.type)
    }
    guard let shape = lengths, shape.allSatisfy({ $0 > 0 }) else {
      throw .metadataInvalid(
        path: place, reason: "it has no voxels, or absurdly many: \(lengths ?? [])",
        advice: "choose another data set, or leave the view out")
    }
    var stored: [UInt8] = withUnsafeBytes(of: info.fill) { Array($0.prefix(type.byteCount)) }
    let isSwapped = (info.is_big_endian != 0) != hostIsBigEndian && type.byteCount > 1
    if isSwapped { stored.reverse() }
    let filters = try HDF5Filters(info, elementType: type, place: place)
    if HDF5Dataset.isInOnePiece(info) {
      chunkShape = Self.piece(of: shape, elementByteCount: type.byteCount)
      access = .rows(offset: Int(info.offset))
      storesChunks = false
    } else if Int(info.layout) == Int(CHDF5_CHUNKED.rawValue), let chunk = Self.lengths(info.chunk, rank) {
      chunkShape = chunk
      access = filters.map { .chunks($0) } ?? .library
      storesChunks = true
    } else {
      chunkShape = Self.piece(of: shape, elementByteCount: type.byteCount)
      access = .library
      storesChunks = false
    }
    parts = storesChunks && filters?.isEmpty == true ? ChunkParts(ofChunk: chunkShape, elementByteCount: type.byteCount) : nil
    var byteCount = type.byteCount
    for length in chunkShape {
      let (product, isTooLarge) = byteCount.multipliedReportingOverflow(by: length)
      // the library's own limit is one of 32 bits
      guard length > 0, !isTooLarge, product <= (parts == nil ? Int(Int32.max) : Int(UInt32.max)) else {
        throw .unsupported(path: place, feature: "a chunk of \(chunkShape) \(type.rawValue)", advice: Advice.chunkSize)
      }
      byteCount = product
    }
    (path, filePath, self.inner, self.shape) = (dataset.path, file.path, inner, shape)
    (elementType, fill, swapsBytes, chunkByteCount) = (type, stored, isSwapped, byteCount)
    identity = Self.identity(info)
    let isOther = Int(info.layout) == Int(CHDF5_OTHER.rawValue)
    sources = isOther ? try HDF5Sources(of: dataset, inner, byteCount: Self.byteCount(info)) : HDF5Sources()
    let names = (0..<Int(info.filter_count)).map { Self.filter(info, $0).name }
    codecSummary =
      "hdf5 \(type.rawValue) \(chunkShape.map(String.init).joined(separator: "x")) \(names.joined(separator: " | "))"
    HDF5Pool.shared.keep(dataset, of: ObjectIdentifier(self))
  }

  deinit { HDF5Pool.shared.forget(ObjectIdentifier(self)) }

  /// The data set, opened again if it was closed to make room. `body` is not to keep it.
  private func with<Result>(_ body: (HDF5Dataset) throws(ZarrError) -> Result) throws(ZarrError) -> Result {
    let dataset = try HDF5Pool.shared.dataset(of: ObjectIdentifier(self)) { () throws(ZarrError) in
      var info = chdf5_info()
      let dataset = try HDF5Dataset(HDF5File.open(filePath), inner, info: &info)
      guard Self.identity(info) == identity else {
        throw .metadataInvalid(path: "\(filePath), \(inner)", reason: "it was replaced by another while it was in use", advice: "run again")
      }
      return dataset
    }
    // else it could be closed by another thread as soon as its handle was read
    defer { withExtendedLifetime(dataset) {} }
    do throws(ZarrError) {
      return try body(dataset)
    } catch {
      // a file system that was away may not know what was open on it
      if error.isTransient { HDF5Pool.shared.forget(ObjectIdentifier(self)) }
      throw error
    }
  }

  /// The properties of a data set that tell it from one that took its place.
  private static func identity(_ info: chdf5_info) -> [UInt64] {
    let numbers = [info.rank, info.layout, info.type_class, info.byte_count, info.is_signed, info.is_big_endian, info.is_plain]
    let filters = (0..<Int(info.filter_count)).map { UInt64(UInt32(bitPattern: filter(info, $0).id)) }
    return [info.dims, info.chunk].flatMap { withUnsafeBytes(of: $0) { Array($0.bindMemory(to: UInt64.self)) } }
      + [info.offset] + numbers.map { UInt64(UInt32(bitPattern: $0)) } + filters
  }

  // MARK: - Reading

  public func readChunk(
    _ index: [Int], into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> ChunkPresence {
    try check(index)
    guard buffer.count == chunkByteCount else {
      throw .bufferMismatch(expectedByteCount: chunkByteCount, actualByteCount: buffer.count)
    }
    let stored = try with { (dataset) throws(ZarrError) -> Int? in
      switch access {
      case .rows(let offset): try readRows(index, dataset, offset: offset, into: buffer)
      case .chunks(let filters): try readStored(index, dataset, filters: filters, into: buffer, context: context)
      case .library: try readBox(index, dataset, first: first(index), shape: chunkShape, into: buffer)
      }
    }
    guard let stored else { return .missing }
    if swapsBytes { swapBytes(UnsafeRawBufferPointer(buffer), to: buffer, elementByteCount: elementType.byteCount) }
    return .present(storedByteCount: stored)
  }

  public func anyStored(in chunks: [Range<Int>]) throws(ZarrError) -> Bool {
    guard chunks.count == shape.count, chunks.allSatisfy({ !$0.isEmpty }) else { return false }
    guard case .chunks = access else { return true }
    let count = chunks.reduce(1) { $0.multipliedReportingOverflow(by: $1.count).partialValue }
    // looking would cost as much as reading
    if count > 4096 || count < 1 { return true }
    for i in 0..<count {
      var rest = i
      var index = chunks.map(\.lowerBound)
      for axis in chunks.indices.reversed() {
        index[axis] += rest % chunks[axis].count
        rest /= chunks[axis].count
      }
      if try storedByteCount(index) > 0 { return true }
    }
    return false
  }

  private func storedByteCount(_ index: [Int]) throws(ZarrError) -> Int {
    try with { (dataset) throws(ZarrError) in try storedByteCount(index, dataset) }
  }

  private func storedByteCount(_ index: [Int], _ dataset: HDF5Dataset) throws(ZarrError) -> Int {
    let first = first(index)
    let (count, problem) = HDF5Library.inTurn {
      let count = Int(chdf5_chunk_size(dataset.handle, first))
      return (count, count < 0 ? HDF5Library.Problem() : nil)
    }
    if let problem { throw failed(index, problem) }
    return count
  }

  /// Reads a stored chunk and returns its bytes in the file; nil if nothing is stored.
  private func readStored(
    _ index: [Int], _ dataset: HDF5Dataset, filters: HDF5Filters, into buffer: UnsafeMutableRawBufferPointer,
    context: CodecContext
  ) throws(ZarrError) -> Int? {
    let first = first(index)
    let handle = dataset.handle
    let count = try storedByteCount(index, dataset)
    if count == 0 { return nil }
    guard count <= chunkByteCount + chunkByteCount / 4 + 1 << 20 else {
      throw damaged(index, "it has \(count) bytes, more than a chunk of \(chunkByteCount) can have")
    }
    var skipped: UInt32 = 0
    var problem: HDF5Library.Problem?
    if filters.isEmpty, count == chunkByteCount {
      problem = HDF5Library.inTurn {
        chdf5_read_chunk(handle, first, &skipped, buffer.baseAddress) < 0 ? HDF5Library.Problem() : nil
      }
      if let problem { throw failed(index, problem) }
      return count
    }
    do throws(CodecFailure) {
      let scratch = try context.push(byteCount: count)
      defer { context.pop() }
      problem = HDF5Library.inTurn {
        chdf5_read_chunk(handle, first, &skipped, scratch.baseAddress) < 0 ? HDF5Library.Problem() : nil
      }
      if let problem { throw .io(failed(index, problem)) }
      try filters.decode(UnsafeRawBufferPointer(scratch), skipped: skipped, into: buffer, context: context)
    } catch {
      throw error.error { damaged(index, $0) }
    }
    return count
  }

  /// Reads a box of voxels, as much of it as the array has.
  private func readBox(
    _ index: [Int], _ dataset: HDF5Dataset, first: [UInt64], shape box: [Int], into buffer: UnsafeMutableRawBufferPointer
  ) throws(ZarrError) -> Int {
    let part = zip(first, zip(shape, box)).map { min($1.1, $1.0 - Int($0)) }
    let isWhole = part == box
    if isWhole {
      try self.box(index, dataset, first, part, into: buffer)
      return buffer.count
    }
    let byteCount = part.reduce(elementType.byteCount, *)
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: max(byteCount, 1), alignment: 16)
    defer { piece.deallocate() }
    try self.box(index, dataset, first, part, into: piece)
    fillChunk(buffer, shape: box, from: UnsafeRawBufferPointer(piece), part: part, elementByteCount: elementType.byteCount)
    return byteCount
  }

  private func box(
    _ index: [Int], _ dataset: HDF5Dataset, _ first: [UInt64], _ part: [Int], into buffer: UnsafeMutableRawBufferPointer
  ) throws(ZarrError) {
    let count = part.map(UInt64.init) + [UInt64](repeating: 0, count: Int(CHDF5_MAX_RANK) - part.count)
    let problem = HDF5Library.inTurn {
      chdf5_read_box(dataset.handle, first, count, buffer.baseAddress) < 0 ? HDF5Library.Problem() : nil
    }
    // what is missing says more than that it could not be read
    if let missing = try sources.problem(first: first, count: count) { throw damaged(index, missing) }
    if let problem { throw failed(index, problem) }
  }

  /// Whole rows of a contiguous data set.
  private func readRows(
    _ index: [Int], _ dataset: HDF5Dataset, offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ZarrError) -> Int {
    let part = zip(index, zip(shape, chunkShape)).map { min($1.1, $1.0 - $0 * $1.1) }
    let element = elementType.byteCount
    // pieces are whole in all axes but those that are one voxel thick, and the one that is cut: one run of the file
    let first = zip(index, chunkShape).map { $0 * $1 }
    let start = zip(first, shape).reduce(0) { $0 * $1.1 + $1.0 } * element
    let byteCount = part.reduce(element, *)
    if byteCount < buffer.count { buffer.initializeMemory(as: UInt8.self, repeating: 0) }
    var done = 0
    while done < byteCount, let to = buffer.baseAddress {
      let count = pread(dataset.descriptor, to + done, byteCount - done, off_t(offset + start + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw .storage(.io(step: .read, path: path, errno: errno))
      }
      guard count > 0 else {
        throw damaged(index, "the file ends early, at or before byte \(offset + start + done)")
      }
      done += count
    }
    return byteCount
  }

  // MARK: -

  private func first(_ index: [Int]) -> [UInt64] {
    zip(index, chunkShape).map { UInt64($0 * $1) } + [UInt64](repeating: 0, count: Int(CHDF5_MAX_RANK) - index.count)
  }

  private func check(_ index: [Int]) throws(ZarrError) {
    let grid = zip(shape, chunkShape).map { ceilDivide($0, $1) }
    guard index.count == grid.count, zip(index, grid).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      throw .indexOutside(index: index, grid: grid, path: filePath)
    }
  }

  /// What could not be read is damaged, unless the system may give it later.
  private func failed(_ index: [Int], _ problem: HDF5Library.Problem) -> ZarrError {
    problem.passing.map { .storage(.io(step: .read, path: path, errno: $0)) } ?? damaged(index, problem.text)
  }

  private func damaged(_ index: [Int], _ reason: String) -> ZarrError {
    .chunkDamaged(chunk: index, path: "\(path), \(inner)", reason: reason)
  }

  /// The last axes whole, then one cut so that a piece is about a megabyte, then 1.
  private static func piece(of shape: [Int], elementByteCount: Int) -> [Int] {
    var piece = shape
    var byteCount = elementByteCount
    for axis in shape.indices.reversed() {
      piece[axis] = max(1, min(shape[axis], pieceByteCount / max(byteCount, 1)))
      byteCount = byteCount &* piece[axis]
      // rows stay whole
      if axis == shape.count - 1 { (piece[axis], byteCount) = (shape[axis], elementByteCount &* shape[axis]) }
      if piece[axis] < shape[axis] { byteCount = Int.max / 2 }
    }
    return piece
  }

  private static func lengths<Tuple>(_ tuple: Tuple, _ rank: Int) -> [Int]? {
    let all = withUnsafeBytes(of: tuple) { Array($0.bindMemory(to: UInt64.self).prefix(rank)) }
    let lengths = all.compactMap { Int(exactly: $0) }
    return lengths.count == rank ? lengths : nil
  }

  /// The bytes of all voxels.
  static func byteCount(_ info: chdf5_info) -> UInt64 {
    let lengths = withUnsafeBytes(of: info.dims) { Array($0.bindMemory(to: UInt64.self).prefix(Int(info.rank))) }
    return lengths.reduce(UInt64(max(0, info.byte_count))) { product, length in
      let (next, isTooLarge) = product.multipliedReportingOverflow(by: length)
      return isTooLarge ? .max : next
    }
  }

  private static func elementType(_ info: chdf5_info, readsSignedAsUnsigned: Bool) -> ElementType? {
    guard info.is_plain != 0 else { return nil }
    let bits = info.byte_count * 8
    if Int(info.type_class) == Int(CHDF5_FLOAT.rawValue) { return ElementType(rawValue: "float\(bits)") }
    let isSigned = info.is_signed != 0 && !(readsSignedAsUnsigned && bits == 16)
    return ElementType(rawValue: isSigned ? "int\(bits)" : "uint\(bits)")
  }

  static func filter(_ info: chdf5_info, _ i: Int) -> (id: Int32, values: [UInt32], isAvailable: Bool, name: String) {
    let filter = withUnsafeBytes(of: info.filters) { $0.bindMemory(to: chdf5_filter.self)[i] }
    let name = withUnsafeBytes(of: filter.name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let values = withUnsafeBytes(of: filter.values) { Array($0.bindMemory(to: UInt32.self).prefix(Int(filter.value_count))) }
    return (filter.id, values, filter.is_available != 0, name.isEmpty ? "filter \(filter.id)" : name)
  }
}

/// The library reads no more of an uncompressed chunk than is asked for, since it has no cache for chunks here.
extension HDF5Array: ArrayInParts {
  package func readPart(
    of chunk: [Int], first offset: [Int], _ parts: ChunkParts, into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> ChunkPresence {
    try check(chunk)
    let stored = try with { (dataset) throws(ZarrError) -> Int? in
      if try storedByteCount(chunk, dataset) == 0 { return nil }
      let first = zip(first(chunk), offset + [Int](repeating: 0, count: Int(CHDF5_MAX_RANK))).map { $0 + UInt64($1) }
      return try readBox(chunk, dataset, first: first, shape: parts.shape, into: buffer)
    }
    guard let stored else { return .missing }
    if swapsBytes { swapBytes(UnsafeRawBufferPointer(buffer), to: buffer, elementByteCount: elementType.byteCount) }
    return .present(storedByteCount: stored)
  }
}
