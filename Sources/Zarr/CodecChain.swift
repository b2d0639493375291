import Geometry

/// How the bytes of one file, or of one inner chunk of a shard, become the elements of a chunk: the one internal model
/// of both Zarr versions.
///
/// Encoding runs: axes permuted, elements to other elements (delta), elements to bytes (or to a shard), then the packers in
/// order; decoding runs backwards. All sizes are worked out when the metadata are read.
struct CodecChain: Sendable {
  enum Layout: Sendable {
    case elements(ElementLayout)
    indirect case shard(ShardLayout)
  }

  struct ElementLayout: Sendable {
    var swapsBytes: Bool
    /// Axis `i` as stored is the array's axis `order[i]`.
    let order: [Int]
    private(set) var transposition: Transposition?
    var filter: (any ElementCodec)?

    init(swapsBytes: Bool, shape: [Int], order: [Int], filter: (any ElementCodec)?) {
      (self.swapsBytes, self.order, self.filter) = (swapsBytes, order, filter)
      transposition = Transposition(shape: shape, order: order)
    }

    /// The decoded bytes are the elements as they are.
    var isPlain: Bool { !swapsBytes && transposition == nil && filter == nil }
  }

  /// The largest decoded chunk: what the codecs' 32-bit sizes can hold.
  static let maximumByteCount = Int(Int32.max)

  let elementType: ElementType
  /// The shape of the decoded chunk, in the array's axis order.
  let shape: [Int]
  /// The bytes of the decoded chunk.
  let byteCount: Int
  let layout: Layout
  /// In the order of encoding.
  let packers: [any ByteCodec]
  /// The bytes of a chunk before the packers; nil for a shard, which has no fixed size.
  private let contentByteCount: Int?
  /// The most bytes that the output of each packer has.
  private let packedLimits: [Int]
  /// The stored bytes of a chunk where they do not depend on its content.
  let fixedStoredByteCount: Int?
  /// More stored bytes than any encoder makes of a chunk; what is longer is damaged, and not read.
  let maximumStoredByteCount: Int

  init(elementType: ElementType, shape: [Int], byteCount: Int, layout: Layout, packers: [any ByteCodec]) {
    (self.elementType, self.shape, self.byteCount, self.layout, self.packers) = (elementType, shape, byteCount, layout, packers)
    let content: Int
    switch layout {
    case .elements(let elements):
      content = elements.filter.map { byteCount / elementType.byteCount * $0.storedType.byteCount } ?? byteCount
      contentByteCount = content
    case .shard(let shard):
      content = byteCount + shard.indexByteCount
      contentByteCount = nil
    }
    // nil from the first packer on whose output depends on the content
    let fixed = packers.reduce(into: [contentByteCount]) { sizes, packer in
      sizes.append(sizes[sizes.count - 1].flatMap { size in packer.addedByteCount.map { size + $0 } })
    }
    fixedStoredByteCount = fixed[packers.count]
    let maximum = fixed[packers.count] ?? content + content / 4 + 1 << 20
    maximumStoredByteCount = maximum
    packedLimits = fixed.map { $0 ?? maximum }
  }

  /// Whether stored bytes are the elements as they are in memory.
  var isPlain: Bool {
    if case .elements(let elements) = layout { packers.isEmpty && elements.isPlain } else { false }
  }

  /// How a chunk is cut into parts; nil where it is read whole, as all are whose bytes depend on each other.
  var parts: ChunkParts? {
    guard packers.isEmpty, case .elements(let elements) = layout, elements.filter == nil else { return nil }
    return ChunkParts(ofChunk: shape, order: elements.order, elementByteCount: elementType.byteCount)
  }

  /// The codecs of one part.
  func chain(of parts: ChunkParts) -> CodecChain? {
    guard case .elements(let elements) = layout else { return nil }
    let part = ElementLayout(swapsBytes: elements.swapsBytes, shape: parts.shape, order: elements.order, filter: nil)
    return CodecChain(
      elementType: elementType, shape: parts.shape, byteCount: parts.shape.reduce(elementType.byteCount, *),
      layout: .elements(part), packers: [])
  }

  /// Decodes into exactly `byteCount` bytes.
  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) {
    var current = stored
    var borrowed = 0
    defer { context.pop(borrowed) }
    for i in packers.indices.reversed() {
      if let content = try packers[i].content(of: current) {
        current = content
        continue
      }
      let target: UnsafeMutableRawBufferPointer
      if i == 0, decodesInPlace {
        target = output
      } else {
        target = try context.push(byteCount: packedLimits[i])
        borrowed += 1
      }
      let count = try packers[i].decode(current, into: target, context: context)
      current = UnsafeRawBufferPointer(rebasing: target[0..<count])
    }
    switch layout {
    case .elements(let elements): try finish(elements, current, into: output, context: context)
    case .shard(let shard): try shard.decode(current, into: output, chain: self, context: context)
    }
  }

  /// Whether the last unpacking can write into the output, where at most bytes are then swapped.
  private var decodesInPlace: Bool {
    if case .elements(let elements) = layout { elements.transposition == nil && elements.filter == nil } else { false }
  }

  private func finish(
    _ elements: ElementLayout, _ content: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer,
    context: CodecContext
  ) throws(CodecFailure) {
    guard content.count == contentByteCount, output.count == byteCount else {
      throw .damaged("it decodes to \(content.count) bytes where \(contentByteCount ?? byteCount) are expected")
    }
    let width = elementType.byteCount
    if let filter = elements.filter {
      if let transposition = elements.transposition {
        let scratch = try context.push(byteCount: byteCount)
        defer { context.pop() }
        filter.decode(content, into: scratch)
        transposition.copy(UnsafeRawBufferPointer(scratch), to: output, elementByteCount: width, swappingBytes: false)
      } else {
        filter.decode(content, into: output)
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
