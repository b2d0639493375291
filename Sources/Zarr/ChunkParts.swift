import Geometry

/// How a large chunk that is stored without compression is cut into parts, so that no more of it is read than is needed.
///
/// A part is a box whose voxels follow each other in the file: whole along the axes that change fastest, some of the axis
/// that is cut, 1 along those that change slower. Its lengths divide those of the chunk, so that the parts of all chunks are
/// one grid over the array.
public struct ChunkParts: Sendable, Hashable {
  /// Chunks of more bytes are read in parts.
  public static let largestWhole = 32 << 20
  /// Larger ones are no chunks but mistakes.
  static let largestChunk = 1 << 40
  /// The bytes that a part has at most, and at least, where the lengths of the chunk have divisors for it.
  private static let wanted = 64 << 10...4 << 20

  /// The shape of the chunk, axes as the array has them.
  let chunk: [Int]
  /// The shape of a part.
  public let shape: [Int]
  /// Axis `i` as stored is the array's axis `order[i]`.
  private let order: [Int]

  /// - Parameter order: axis `i` as stored is the array's axis `order[i]`; nil where they are the same.
  /// - Returns: nil for a chunk that is read whole.
  public init?(ofChunk chunk: [Int], order: [Int]? = nil, elementByteCount: Int) {
    guard let byteCount = checkedProduct(chunk + [elementByteCount]), byteCount > Self.largestWhole else { return nil }
    (self.chunk, self.order) = (chunk, order ?? Array(chunk.indices))
    var shape = [Int](repeating: 1, count: chunk.count)
    var byteCountSoFar = elementByteCount
    for axis in self.order.reversed() {
      shape[axis] = Self.length(of: chunk[axis], each: byteCountSoFar)
      byteCountSoFar *= shape[axis]
      if shape[axis] < chunk[axis] { break }
    }
    self.shape = shape
  }

  /// The longest divisor of a length that makes a part of a good size, of slices with so many bytes each.
  private static func length(of length: Int, each byteCount: Int) -> Int {
    let divisors = (1...max(1, Int(Double(length).squareRoot()))).filter { length % $0 == 0 }
    let all = (divisors + divisors.reversed().map { length / $0 })
    let best = all.last { $0 <= wanted.upperBound / byteCount } ?? 1
    if best * byteCount >= wanted.lowerBound { return best }
    // rather much in one go than next to nothing in very many
    guard let next = all.first(where: { $0 > best }), next <= largestWhole / byteCount else { return best }
    return next
  }

  /// The chunk of a part, and the first voxel of the part in it.
  package func split(_ index: [Int]) -> (chunk: [Int], first: [Int]) {
    var (chunk, first) = (index, index)
    for axis in index.indices {
      let parts = self.chunk[axis] / shape[axis]
      chunk[axis] = index[axis] / parts
      first[axis] = index[axis] % parts * shape[axis]
    }
    return (chunk, first)
  }

  /// The chunks of a box of parts.
  func chunks(meeting parts: [Range<Int>]) -> [Range<Int>] {
    zip(parts, zip(chunk, shape)).map { range, lengths in
      let count = lengths.0 / lengths.1
      return range.isEmpty ? 0..<0 : range.lowerBound / count..<(range.upperBound - 1) / count + 1
    }
  }

  /// The voxels before one of a chunk as it is stored.
  ///
  /// - Parameter stored: the shape that the chunk has in the file, which may be cut short at the edge of the array.
  package func voxels(before first: [Int], stored: [Int]) -> Int {
    order.reduce(0) { $0 * stored[$1] + first[$1] }
  }
}
