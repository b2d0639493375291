import Foundation
import Geometry
import JSON
import Zarr

/// The JSON parser itself: what it reads and writes again is the same.
struct JSONArea: Area {
  static let name = "json"
  private static let text = #"{"a": [1, -2.5e3, true, null, "x\u00e9\n"], "b": {"c": {}}, "d": 18446744073709551615, "e": NaN}"#

  init(folder: String) {}

  func run(_ random: inout SeededRandom) throws {
    var bytes = [UInt8](Self.text.utf8)
    for _ in 0..<Int.random(in: 1...6, using: &random) { Mutation.change(&bytes, using: &random) }
    let json = try JSONValue.parse(bytes)
    let again = try JSONValue.parse(json.serialized(pretty: random.once(in: 2)))
    precondition(again.serialized() == json.serialized(), "JSON that was written is read otherwise")
  }
}

/// Metadata and files of arrays, and the metadata of images.
struct ArrayArea: Area {
  static let name = "array"
  private let folder: String

  init(folder: String) { self.folder = folder }

  func run(_ random: inout SeededRandom) throws {
    let path = folder + "/image"
    try? FileManager.default.removeItem(atPath: path)
    let format = random.pick([2, 3])
    let spec = ArraySpec(
      zarrFormat: format, shape: [1, 1, 6, 9, 8], chunkShape: [1, 1, 4, 4, 6],
      shardShape: format == 3 && random.once(in: 2) ? [1, 1, 8, 8, 12] : nil,
      elementType: random.pick(ElementType.allCases), compressor: ChunkArea.compressor(&random),
      dimensionNames: ["t", "c", "z", "y", "x"])
    let writer = OMEWriter(
      version: format == 2 ? .v04 : .v05, name: "fuzz", is3D: true, spacing: Vector3(2, 1, 1), origin: .zero,
      levels: [OMEWriter.Level(path: "0", absoluteFactor: Index3(1, 1, 1))], channels: [], elementType: spec.elementType)
    for file in writer.groupFiles() { try write(maybeChanged(file.bytes, &random), to: path + "/" + file.name) }
    for file in spec.metadataFiles() { try write(maybeChanged(file.bytes, &random), to: path + "/0/" + file.name) }
    let array = try ZarrArray(path: path + "/0", spec: spec)
    try write(block(of: array, &random), to: path + "/0/" + array.blockFile([0, 0, 0, 0, 0]))
    _ = try? OMEImage.open(path)
    try read(try ZarrArray.open(path + "/0"))
  }

  private func maybeChanged(_ bytes: Data, _ random: inout SeededRandom) throws -> [UInt8] {
    random.once(in: 2) ? [UInt8](bytes) : Mutation.text(of: try JSONValue.parse(bytes), using: &random)
  }

  private func read(_ array: ZarrArray) throws {
    // how much a caller is ready to hold is the caller's business
    guard array.chunkByteCount <= 64 << 20 else { return }
    let context = CodecContext()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: array.chunkByteCount, alignment: 16)
    defer { buffer.deallocate() }
    let first = [Int](repeating: 0, count: array.shape.count)
    let last = array.chunkGrid.map { max(0, $0 - 1) }
    for index in [first, last] {
      _ = try? array.readChunk(index, into: buffer, context: context)
      _ = try? array.anyStored(in: index.map { $0..<$0 + 1 })
    }
    _ = try array.verifyBlock(first, context: context)
  }

  /// The bytes of a block, right or almost.
  private func block(of array: ZarrArray, _ random: inout SeededRandom) throws -> [UInt8] {
    let context = CodecContext()
    var shard = ShardBuilder(chunkCount: array.chunksPerBlock.reduce(1, *))
    var bytes: [UInt8] = []
    for _ in 0..<shard.chunkCount {
      if array.shardShape != nil, random.once(in: 4) {
        shard.append(encodedByteCount: nil)
        continue
      }
      let encoded = try ChunkArea.encoded(array, context, &random)
      bytes += encoded
      shard.append(encodedByteCount: encoded.count)
    }
    if array.shardShape != nil { bytes += try shard.finish() }
    if random.once(in: 2) { Mutation.change(&bytes, using: &random) }
    return bytes
  }
}

/// The codecs: what was encoded decodes to the same, what was changed afterwards to anything of the right size, or not.
struct ChunkArea: Area {
  static let name = "chunk"

  init(folder: String) {}

  static func compressor(_ random: inout SeededRandom) -> Compressor {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: .none
    case 1: .zstd(level: Int.random(in: -5...9, using: &random))
    case 2: .gzip(level: Int.random(in: 0...9, using: &random))
    default:
      .blosc(
        codec: random.pick(BloscCodec.allCases), level: Int.random(in: 0...9, using: &random),
        shuffle: random.pick(BloscShuffle.allCases))
    }
  }

  static func encoded(_ array: ZarrArray, _ context: CodecContext, _ random: inout SeededRandom) throws -> [UInt8] {
    let range: ClosedRange<UInt8> = random.once(in: 3) ? 0...255 : 0...3
    let raw = (0..<array.chunkByteCount).map { _ in UInt8.random(in: range, using: &random) }
    return try raw.withUnsafeBytes { [UInt8](try array.encodeChunk($0, context: context)) }
  }

  func run(_ random: inout SeededRandom) throws {
    let array = try ZarrArray(
      path: "array",
      spec: ArraySpec(
        zarrFormat: random.pick([2, 3]), shape: [64, 64], chunkShape: [Int.random(in: 1...40, using: &random), 33],
        elementType: random.pick(ElementType.allCases), compressor: Self.compressor(&random)))
    let context = CodecContext()
    var stored = try Self.encoded(array, context, &random)
    let isChanged = !random.once(in: 10)
    if isChanged { Mutation.change(&stored, using: &random) }
    var buffer = [UInt8](repeating: 0, count: array.chunkByteCount)
    do {
      try stored.withUnsafeBytes { bytes in
        try buffer.withUnsafeMutableBytes { try array.decodeChunk(bytes, into: $0, context: context) }
      }
    } catch {
      precondition(isChanged, "what was encoded cannot be decoded: \(error)")
      throw error
    }
  }
}
