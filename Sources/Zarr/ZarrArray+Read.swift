import Files
import Foundation

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
    try check(index, in: chunkGrid)
    guard buffer.count == chunkByteCount else {
      throw .bufferMismatch(expectedByteCount: chunkByteCount, actualByteCount: buffer.count)
    }
    let (block, inner) = block(ofChunk: index)
    guard let file = try openBlock(block) else { return .missing }
    guard let shard else {
      try decode(file, range: 0..<file.byteCount, chunk: index, into: buffer, context: context)
      return .present(storedByteCount: file.byteCount)
    }
    let shardIndex = try self.shardIndex(file, block: block, layout: shard, context: context)
    guard let range = try innerRange(shardIndex, layout: shard, inner: inner, file: file, chunk: index) else {
      return .missing
    }
    try decode(file, range: range, chunk: index, into: buffer, context: context)
    return .present(storedByteCount: range.count)
  }

  /// Reads a block's file from end to end, every read unit decoded and every size and checksum checked; returns its
  /// byte count. A missing file is an error.
  ///
  /// - Parameter checksum: the checksum of the whole file, if it was kept.
  public func verifyBlock(_ index: [Int], checksum: UInt32? = nil, context: CodecContext) throws(ZarrError) -> Int {
    try check(index, in: blockGrid)
    guard let file = try openBlock(index) else { throw .chunkMissing(chunk: index, path: blockPath(index)) }
    if let checksum, try fileChecksum(file) != checksum {
      throw .chunkDamaged(chunk: index, path: file.path, reason: "its checksum is not the recorded one")
    }
    let scratch: UnsafeMutableRawBufferPointer
    do throws(CodecFailure) {
      scratch = try context.push(byteCount: chunkByteCount)
    } catch {
      throw zarrError(error, chunk: index, path: file.path)
    }
    defer { context.pop() }
    guard let shard else {
      try decode(file, range: 0..<file.byteCount, chunk: index, into: scratch, context: context)
      return file.byteCount
    }
    let shardIndex = try self.shardIndex(file, block: index, layout: shard, context: context, cached: false)
    var inner = [Int](repeating: 0, count: index.count)
    repeat {
      let chunk = zip(index, zip(inner, chunksPerBlock)).map { $0 * $1.1 + $1.0 }
      if let range = try innerRange(shardIndex, layout: shard, inner: inner, file: file, chunk: chunk) {
        try decode(file, range: range, chunk: chunk, into: scratch, context: context)
      }
    } while advance(&inner, in: chunksPerBlock)
    return file.byteCount
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

  private func fileChecksum(_ file: borrowing FileReader) throws(ZarrError) -> UInt32 {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(max(file.byteCount, 1), 1 << 20), alignment: 16)
    defer { piece.deallocate() }
    var sum = FileChecksum()
    var offset = 0
    while true {
      let count: Int
      do throws(StorageError) { count = try file.read(at: offset, into: piece) } catch { throw .storage(error) }
      if count == 0 { return sum.value }
      sum.append(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      offset += count
    }
  }

  // MARK: Parts

  /// The file of a block; nil if there is none. If the array's folder is gone too, every chunk would look like background:
  /// that is an error.
  private func openBlock(_ block: [Int]) throws(ZarrError) -> FileReader? {
    if let file = try onStorage({ () throws(StorageError) in try FileReader.open(blockPath(block)) }) { return file }
    guard FileStatus.isFolder(path) else { throw .arrayMissing(path: path) }
    return nil
  }

  private func shardIndex(
    _ file: borrowing FileReader, block: [Int], layout: ShardLayout, context: CodecContext, cached: Bool = true
  ) throws(ZarrError) -> ShardIndex {
    let version = file.version
    if cached, let index = ShardIndexCache.shared.index(file.path, version: version) { return index }
    guard let offset = layout.indexOffset(fileByteCount: file.byteCount) else {
      throw .shardDamaged(
        shard: block, path: file.path,
        reason: "it has \(file.byteCount) bytes, less than its index of \(layout.indexByteCount)")
    }
    do throws(CodecFailure) {
      let stored = try context.push(byteCount: layout.indexByteCount)
      defer { context.pop() }
      let count = try readBytes(file, at: offset, into: stored)
      guard count == stored.count else { throw .damaged("it became shorter while it was read") }
      let index = try layout.decodeIndex(UnsafeRawBufferPointer(stored), context: context)
      if cached { ShardIndexCache.shared.insert(index, path: file.path, version: version) }
      return index
    } catch {
      let path = file.path
      throw error.error { .shardDamaged(shard: block, path: path, reason: $0) }
    }
  }

  private func innerRange(
    _ index: ShardIndex, layout: ShardLayout, inner: [Int], file: borrowing FileReader, chunk: [Int]
  ) throws(ZarrError) -> Range<Int>? {
    do throws(CodecFailure) {
      return try index.range(at: layout.position(of: inner), fileByteCount: file.byteCount)
    } catch {
      throw zarrError(error, chunk: chunk, path: file.path)
    }
  }

  /// Decodes the stored bytes of one read unit into exactly `chunkByteCount` bytes.
  private func decode(
    _ file: borrowing FileReader, range: Range<Int>, chunk: [Int], into buffer: UnsafeMutableRawBufferPointer,
    context: CodecContext
  ) throws(ZarrError) {
    do throws(CodecFailure) {
      if let expected = chain.fixedStoredByteCount, range.count != expected {
        throw .damaged("it has \(range.count) bytes where \(expected) are expected")
      }
      guard range.count <= chain.maximumStoredByteCount else {
        throw .damaged("it has \(range.count) bytes, more than a chunk of \(chunkByteCount) can have")
      }
      if chain.isPlain {
        guard try readBytes(file, at: range.lowerBound, into: buffer) == buffer.count else {
          throw .damaged("it became shorter while it was read")
        }
        return
      }
      let stored = try context.push(byteCount: range.count)
      defer { context.pop() }
      guard try readBytes(file, at: range.lowerBound, into: stored) == stored.count else {
        throw .damaged("it became shorter while it was read")
      }
      try chain.decode(UnsafeRawBufferPointer(stored), into: buffer, context: context)
    } catch {
      throw zarrError(error, chunk: chunk, path: file.path)
    }
  }

  private func readBytes(
    _ file: borrowing FileReader, at offset: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) -> Int {
    do throws(StorageError) {
      return try file.read(at: offset, into: target)
    } catch {
      throw .io(.storage(error))
    }
  }

  private func zarrError(_ failure: CodecFailure, chunk: [Int], path: String) -> ZarrError {
    failure.error { .chunkDamaged(chunk: chunk, path: path, reason: $0) }
  }
}
