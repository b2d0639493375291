import Files
import Geometry
import Store

public enum ChunkPresence: Sendable, Hashable {
  case present(storedByteCount: Int)
  /// Nothing is stored: the chunk is the fill value.
  case missing
}

extension ZarrArray {
  /// Decodes one read unit into `buffer`, which has exactly `chunkByteCount` bytes: C order, the host's byte order, the
  /// full shape of a chunk also at the edges. `.missing` leaves the buffer alone.
  public func readChunk(
    _ index: [Int], into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> ChunkPresence {
    try readChunk(index, into: buffer, context: context, needsFile: false)
  }

  /// As `readChunk`, of a block that is known to have a file: where there is none, that is an error and no fill.
  public func readRecordedChunk(
    _ index: [Int], into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> ChunkPresence {
    try readChunk(index, into: buffer, context: context, needsFile: true)
  }

  private func readChunk(
    _ index: [Int], into buffer: UnsafeMutableRawBufferPointer, context: CodecContext, needsFile: Bool
  ) throws(ZarrError) -> ChunkPresence {
    guard buffer.count == chunkByteCount else {
      throw .bufferMismatch(expectedByteCount: chunkByteCount, actualByteCount: buffer.count)
    }
    guard let stored = try stored(index, context: context, needsFile: needsFile) else { return .missing }
    try decode(stored.object, stored.key, range: stored.range, chunk: index, into: buffer, context: context)
    return .present(storedByteCount: stored.range.count)
  }

  /// Where a read unit is stored: the object, its key, and the bytes in it; nil where it is not.
  private func stored(
    _ index: [Int], context: CodecContext, needsFile: Bool = false
  ) throws(ZarrError) -> (object: any StoredObject, key: String, range: Range<Int>)? {
    try check(index, in: chunkGrid)
    let (block, inner) = block(ofChunk: index)
    let key = blockKey(block)
    guard let object = try openBlock(key) else {
      if needsFile { throw .chunkMissing(chunk: block, path: address(key)) }
      return nil
    }
    guard let shard else { return (object, key, 0..<object.byteCount) }
    let shardIndex = try self.shardIndex(object, key, block: block, layout: shard, context: context)
    guard let range = try innerRange(shardIndex, layout: shard, inner: inner, of: object, key, chunk: index) else {
      return nil
    }
    return (object, key, range)
  }

  /// Reads a block's file from end to end, every read unit decoded and every size and checksum checked; returns its
  /// byte count. A missing file is an error.
  ///
  /// - Parameter checksum: the checksum of the whole file, if it was kept.
  public func verifyBlock(_ index: [Int], checksum: UInt32? = nil, context: CodecContext) throws(ZarrError) -> Int {
    try check(index, in: blockGrid)
    let key = blockKey(index)
    guard let object = try openBlock(key) else { throw .chunkMissing(chunk: index, path: address(key)) }
    if let checksum, try fileChecksum(object) != checksum {
      throw .chunkDamaged(chunk: index, path: address(key), reason: "its checksum is not the recorded one")
    }
    let scratch: UnsafeMutableRawBufferPointer
    do throws(CodecFailure) {
      scratch = try context.push(byteCount: chunkByteCount)
    } catch {
      throw zarrError(error, chunk: index, path: address(key))
    }
    defer { context.pop() }
    guard let shard else {
      try decode(object, key, range: 0..<object.byteCount, chunk: index, into: scratch, context: context)
      return object.byteCount
    }
    let shardIndex = try self.shardIndex(object, key, block: index, layout: shard, context: context, cached: false)
    var inner = [Int](repeating: 0, count: index.count)
    repeat {
      let chunk = zip(index, zip(inner, chunksPerBlock)).map { $0 * $1.1 + $1.0 }
      if let range = try innerRange(shardIndex, layout: shard, inner: inner, of: object, key, chunk: chunk) {
        try decode(object, key, range: range, chunk: chunk, into: scratch, context: context)
      }
    } while advance(&inner, in: chunksPerBlock)
    return object.byteCount
  }

  /// Decodes the stored bytes of one read unit: what `readChunk` does after reading them.
  public func decodeChunk(
    _ stored: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) {
    guard buffer.count == chunkByteCount else {
      throw .bufferMismatch(expectedByteCount: chunkByteCount, actualByteCount: buffer.count)
    }
    do throws(CodecFailure) {
      try chain.decode(stored, into: buffer, context: context)
    } catch {
      throw zarrError(error, chunk: [], path: path)
    }
  }

  private func fileChecksum(_ object: any StoredObject) throws(ZarrError) -> UInt32 {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(max(object.byteCount, 1), 1 << 20), alignment: 16)
    defer { piece.deallocate() }
    var sum = FileChecksum()
    var offset = 0
    while true {
      let count: Int
      do throws(StorageError) { count = try object.read(at: offset, into: piece) } catch { throw .storage(error) }
      if count == 0 { return sum.value }
      sum.append(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      offset += count
    }
  }

  // MARK: Parts

  /// The object of a block; nil if there is none. If the array's folder is gone too, every chunk would look like background:
  /// that is an error.
  private func openBlock(_ key: String) throws(ZarrError) -> (any StoredObject)? {
    if let object = try onStorage({ () throws(StorageError) in try place.store.open(key) }) { return object }
    try checkIsThere()
    return nil
  }

  private func shardIndex(
    _ object: any StoredObject, _ key: String, block: [Int], layout: ShardLayout, context: CodecContext, cached: Bool = true
  ) throws(ZarrError) -> ShardIndex {
    let (version, path) = (object.version, address(key))
    if cached, let index = ShardIndexCache.shared.index(path, version: version) { return index }
    guard layout.indexOffset(fileByteCount: object.byteCount) != nil else {
      throw .shardDamaged(
        shard: block, path: path,
        reason: "it has \(object.byteCount) bytes, less than its index of \(layout.indexByteCount)")
    }
    do throws(CodecFailure) {
      let stored = try context.push(byteCount: layout.indexByteCount)
      defer { context.pop() }
      let count = try onObject { () throws(StorageError) in
        layout.isIndexAtStart ? try object.read(at: 0, into: stored) : try object.readLast(into: stored)
      }
      guard count == stored.count else { throw .damaged("it became shorter while it was read") }
      let index = try layout.decodeIndex(UnsafeRawBufferPointer(stored), context: context)
      if cached { ShardIndexCache.shared.insert(index, path: path, version: version) }
      return index
    } catch {
      throw error.error { .shardDamaged(shard: block, path: path, reason: $0) }
    }
  }

  private func innerRange(
    _ index: ShardIndex, layout: ShardLayout, inner: [Int], of object: any StoredObject, _ key: String, chunk: [Int]
  ) throws(ZarrError) -> Range<Int>? {
    do throws(CodecFailure) {
      return try index.range(at: layout.position(of: inner), fileByteCount: object.byteCount)
    } catch {
      throw zarrError(error, chunk: chunk, path: address(key))
    }
  }

  /// Decodes the stored bytes of one read unit into exactly `chunkByteCount` bytes.
  private func decode(
    _ object: any StoredObject, _ key: String, range: Range<Int>, chunk: [Int],
    into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) {
    do throws(CodecFailure) {
      try check(range)
      try decode(object, range: range, by: chain, into: buffer, context: context)
    } catch {
      throw zarrError(error, chunk: chunk, path: address(key))
    }
  }

  /// Whether so many bytes can be those of a read unit.
  private func check(_ range: Range<Int>) throws(CodecFailure) {
    if let expected = chain.fixedStoredByteCount, range.count != expected {
      throw .damaged("it has \(range.count) bytes where \(expected) are expected")
    }
    guard range.count <= chain.maximumStoredByteCount else {
      throw .damaged("it has \(range.count) bytes, more than a chunk of \(chunkByteCount) can have")
    }
  }

  private func decode(
    _ object: any StoredObject, range: Range<Int>, by chain: CodecChain, into buffer: UnsafeMutableRawBufferPointer,
    context: CodecContext
  ) throws(CodecFailure) {
    if chain.isPlain {
      guard try readBytes(object, at: range.lowerBound, into: buffer) == buffer.count else {
        throw .damaged("it became shorter while it was read")
      }
      return
    }
    let stored = try context.push(byteCount: range.count)
    defer { context.pop() }
    guard try readBytes(object, at: range.lowerBound, into: stored) == stored.count else {
      throw .damaged("it became shorter while it was read")
    }
    try chain.decode(UnsafeRawBufferPointer(stored), into: buffer, context: context)
  }

  private func readBytes(
    _ object: any StoredObject, at offset: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) -> Int {
    try onObject { () throws(StorageError) in try object.read(at: offset, into: target) }
  }

  private func onObject(_ work: () throws(StorageError) -> Int) throws(CodecFailure) -> Int {
    do throws(StorageError) { return try work() } catch { throw .io(.storage(error)) }
  }

  private func zarrError(_ failure: CodecFailure, chunk: [Int], path: String) -> ZarrError {
    failure.error { .chunkDamaged(chunk: chunk, path: path, reason: $0) }
  }
}

extension ZarrArray: ArrayInParts {
  package var parts: ChunkParts? { chain.parts }

  package func readPart(
    of chunk: [Int], first: [Int], _ parts: ChunkParts, into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ZarrError) -> ChunkPresence {
    guard let stored = try stored(chunk, context: context), let part = chain.chain(of: parts) else { return .missing }
    do throws(CodecFailure) {
      try check(stored.range)
      let start = stored.range.lowerBound + parts.voxels(before: first, stored: chunkShape) * elementType.byteCount
      try decode(stored.object, range: start..<start + part.byteCount, by: part, into: buffer, context: context)
    } catch {
      throw zarrError(error, chunk: chunk, path: address(stored.key))
    }
    return .present(storedByteCount: part.byteCount)
  }
}
