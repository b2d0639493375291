import Geometry

/// How the bytes of one file, or of one inner chunk of a shard, become the elements of a chunk: the one internal model
/// of both Zarr versions.
///
/// Encoding runs: axes permuted, delta, elements to bytes (or to a shard), then the packers in order; decoding runs
/// backwards. All sizes are worked out when the metadata are read.
struct CodecChain: Sendable {
  enum Packer: Sendable, Hashable {
    case zstd, gzip, zlib, blosc, lz4, crc32c
  }

  enum Layout: Sendable {
    case elements(ElementLayout)
    indirect case shard(ShardLayout)
  }

  struct ElementLayout: Sendable {
    var swapsBytes: Bool
    var transposition: Transposition?
    var delta: DeltaFilter?

    /// The decoded bytes are the elements as they are.
    var isPlain: Bool { !swapsBytes && transposition == nil && delta == nil }
  }

  /// The largest decoded chunk: what the codecs' 32-bit sizes can hold.
  static let maximumByteCount = Int(Int32.max)

  let elementType: ElementType
  /// Of the decoded chunk, in the array's axis order.
  let shape: [Int]
  /// Of the decoded chunk.
  let byteCount: Int
  let layout: Layout
  /// In the order of encoding.
  let packers: [Packer]

  /// The bytes of a chunk before the packers; nil for a shard, which has no fixed size.
  private var contentByteCount: Int? {
    switch layout {
    case .elements(let elements):
      elements.delta.map { byteCount / elementType.byteCount * $0.storedByteCount } ?? byteCount
    case .shard: nil
    }
  }

  /// Whether stored bytes are the elements as they are in memory.
  var isPlain: Bool {
    if case .elements(let elements) = layout { packers.isEmpty && elements.isPlain } else { false }
  }

  /// The stored bytes of a chunk where they do not depend on its content.
  var fixedStoredByteCount: Int? {
    guard let contentByteCount, packers.allSatisfy({ $0 == .crc32c }) else { return nil }
    return contentByteCount + packers.count * Crc32c.byteCount
  }

  /// More stored bytes than any encoder makes of a chunk; what is longer is damaged, and not read.
  var maximumStoredByteCount: Int {
    if let fixedStoredByteCount { return fixedStoredByteCount }
    let content =
      switch layout {
      case .elements: contentByteCount ?? byteCount
      case .shard(let shard): byteCount + shard.indexByteCount
      }
    return content + content / 4 + 1 << 20
  }

  /// Decodes into exactly `byteCount` bytes.
  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) {
    var current = stored
    var borrowed = 0
    defer { context.pop(borrowed) }
    for i in packers.indices.reversed() {
      if packers[i] == .crc32c {
        current = try Crc32c.verified(current)
        continue
      }
      let target: UnsafeMutableRawBufferPointer
      if i == 0, decodesInPlace {
        target = output
      } else {
        target = try context.push(byteCount: decodedLimit(ofPacker: i))
        borrowed += 1
      }
      let count = try unpack(current, packer: packers[i], into: target, context: context)
      current = UnsafeRawBufferPointer(rebasing: target[0..<count])
    }
    switch layout {
    case .elements(let elements): try finish(elements, current, into: output, context: context)
    case .shard(let shard): try shard.decode(current, into: output, chain: self, context: context)
    }
  }

  /// Whether the last unpacking can write into the output, where at most bytes are then swapped.
  private var decodesInPlace: Bool {
    if case .elements(let elements) = layout { elements.transposition == nil && elements.delta == nil } else { false }
  }

  private func decodedLimit(ofPacker i: Int) -> Int {
    if let contentByteCount, packers[..<i].allSatisfy({ $0 == .crc32c }) {
      return contentByteCount + i * Crc32c.byteCount
    }
    return maximumStoredByteCount
  }

  private func unpack(
    _ stored: UnsafeRawBufferPointer, packer: Packer, into target: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard !stored.isEmpty else { throw .damaged("it is empty") }
    switch packer {
    case .zstd: return try context.zstd.decode(stored, into: target)
    case .gzip: return try context.deflate.decode(stored, container: .gzip, into: target)
    case .zlib: return try context.deflate.decode(stored, container: .zlib, into: target)
    case .blosc: return try BloscContainer.decode(stored, into: target)
    case .lz4: return try Lz4Block.decode(stored, into: target)
    case .crc32c: return try Crc32c.verified(stored).count
    }
  }

  private func finish(
    _ elements: ElementLayout, _ content: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer,
    context: CodecContext
  ) throws(CodecFailure) {
    guard content.count == contentByteCount, output.count == byteCount else {
      throw .damaged("it decodes to \(content.count) bytes where \(contentByteCount ?? byteCount) are expected")
    }
    let width = elementType.byteCount
    if let delta = elements.delta {
      if let transposition = elements.transposition {
        let scratch = try context.push(byteCount: byteCount)
        defer { context.pop() }
        delta.decode(content, into: scratch)
        transposition.copy(UnsafeRawBufferPointer(scratch), to: output, elementByteCount: width, swappingBytes: false)
      } else {
        delta.decode(content, into: output)
      }
    } else if let transposition = elements.transposition {
      transposition.copy(content, to: output, elementByteCount: width, swappingBytes: elements.swapsBytes)
    } else if elements.swapsBytes {
      swapBytes(content, to: output, elementByteCount: width)
    } else if content.baseAddress != UnsafeRawPointer(output.baseAddress) {
      output.copyMemory(from: content)
    }
  }
}
