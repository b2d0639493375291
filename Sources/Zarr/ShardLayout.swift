import Geometry

/// The `sharding_indexed` codec: inner chunks anywhere in a file, and an index of their places.
struct ShardLayout: Sendable {
  /// Axis `i` of the index runs along the array's axis `order[i]` (a `transpose` before the shard permutes it).
  let order: [Int]
  /// Inner chunks along each axis, in the array's axis order.
  let grid: [Int]
  let inner: CodecChain
  /// Codecs of the index, all of fixed size.
  let index: CodecChain
  let isIndexAtStart: Bool
  /// One element, in the host's byte order.
  let fill: [UInt8]

  var chunkCount: Int { index.byteCount / 16 }
  /// The bytes of the index as stored.
  var indexByteCount: Int { index.fixedStoredByteCount ?? index.byteCount }

  /// The place in the index of an inner chunk.
  func position(of chunk: [Int]) -> Int {
    var position = 0
    for axis in order { position = position * grid[axis] + chunk[axis] }
    return position
  }

  /// The place of the index in a file of this length; nil if it does not fit.
  func indexOffset(fileByteCount: Int) -> Int? {
    guard fileByteCount >= indexByteCount else { return nil }
    return isIndexAtStart ? 0 : fileByteCount - indexByteCount
  }

  /// The index of its bytes as stored.
  func decodeIndex(_ stored: UnsafeRawBufferPointer, context: CodecContext) throws(CodecFailure) -> ShardIndex {
    let scratch = try context.push(byteCount: index.byteCount)
    defer { context.pop() }
    do {
      try index.decode(stored, into: scratch, context: context)
    } catch .damaged(let reason) {
      throw .damaged("its index: \(reason)")
    }
    return ShardIndex(UnsafeRawBufferPointer(scratch))
  }

  /// Decodes a shard that is in memory as a whole: one that is packed itself, or lies in another shard.
  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, chain: CodecChain,
    context: CodecContext
  ) throws(CodecFailure) {
    guard let indexStart = indexOffset(fileByteCount: stored.count) else {
      throw .damaged("a shard of \(stored.count) bytes has no room for its index of \(indexByteCount)")
    }
    let indexBytes = UnsafeRawBufferPointer(rebasing: stored[indexStart..<(indexStart + indexByteCount)])
    let shardIndex = try decodeIndex(indexBytes, context: context)
    let scratch = try context.push(byteCount: inner.byteCount)
    defer { context.pop() }
    var chunk = [Int](repeating: 0, count: grid.count)
    repeat {
      if let range = try shardIndex.range(at: position(of: chunk), fileByteCount: stored.count) {
        try inner.decode(UnsafeRawBufferPointer(rebasing: stored[range]), into: scratch, context: context)
      } else {
        fillElements(scratch, with: fill)
      }
      place(UnsafeRawBufferPointer(scratch), chunk: chunk, into: output, shardShape: chain.shape)
    } while advance(&chunk, in: grid)
  }

  /// Copies a decoded inner chunk to its place in the decoded shard, row by row.
  private func place(
    _ decoded: UnsafeRawBufferPointer, chunk: [Int], into output: UnsafeMutableRawBufferPointer, shardShape: [Int]
  ) {
    let shape = inner.shape
    let last = shape.count - 1
    let width = inner.elementType.byteCount
    let rowByteCount = shape[last] * width
    var row = [Int](repeating: 0, count: shape.count)
    let rows = Array(shape[..<last]) + [1]
    var from = 0
    repeat {
      var to = 0
      for axis in shape.indices { to = to * shardShape[axis] + chunk[axis] * shape[axis] + row[axis] }
      UnsafeMutableRawBufferPointer(rebasing: output[(to * width)..<(to * width + rowByteCount)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: decoded[from..<(from + rowByteCount)]))
      from += rowByteCount
    } while advance(&row, in: rows)
  }
}

/// The next position of a grid in C order; false, and back at the origin, after the last.
func advance(_ position: inout [Int], in grid: [Int]) -> Bool {
  for axis in grid.indices.reversed() {
    position[axis] += 1
    if position[axis] < grid[axis] { return true }
    position[axis] = 0
  }
  return false
}

/// Repeats one element over memory of a whole number of elements.
package func fillElements(_ target: UnsafeMutableRawBufferPointer, with element: [UInt8]) {
  guard element.contains(where: { $0 != element[0] }) else {
    target.initializeMemory(as: UInt8.self, repeating: element[0])
    return
  }
  var done = min(element.count, target.count)
  for i in 0..<done { target[i] = element[i] }
  while done < target.count {
    let count = min(done, target.count - done)
    UnsafeMutableRawBufferPointer(rebasing: target[done..<(done + count)])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: target[0..<count]))
    done += count
  }
}
