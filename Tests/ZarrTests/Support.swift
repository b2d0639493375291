import Files
import Foundation
import Geometry
import Testing
import Zarr

/// An array made by another program; see `make_fixtures.py` beside them.
func fixture(_ name: String) -> String {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  return tests.appendingPathComponent("Fixtures/Zarr/\(name).zarr").path
}

func littleEndian(_ word: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: word.littleEndian) { Array($0) }
}

/// The bytes of the element at a C-order position of every fixture.
func fixtureElement(_ position: Int, _ type: ElementType) -> [UInt8] {
  let v = (position * 37 + 11) % 200
  switch type {
  case .float16: return littleEndian(Half(Double(v - 100) / 2).bits)
  case .float32: return littleEndian((Float(v - 100) / 4).bitPattern)
  case .float64: return littleEndian((Double(v - 100) / 8).bitPattern)
  default:
    let unit = UInt64(0x0101_0101_0101_0101) & (UInt64.max >> UInt64(64 - type.byteCount * 8))
    let number = "\(type)".hasPrefix("u") ? UInt64(v) &* unit : UInt64(bitPattern: Int64(v - 100)) &* unit
    return Array(littleEndian(number).prefix(type.byteCount))
  }
}

/// Steps through a grid in C order.
func positions(_ grid: [Int]) -> [[Int]] {
  grid.reduce([[]]) { found, length in found.flatMap { head in (0..<length).map { head + [$0] } } }
}

func linear(_ position: [Int], _ shape: [Int]) -> Int {
  zip(position, shape).reduce(0) { $0 * $1.1 + $1.0 }
}

/// One read unit; nil where it is missing.
func readChunk(_ array: ZarrArray, _ index: [Int], _ context: CodecContext = CodecContext()) throws -> [UInt8]? {
  var bytes = [UInt8](repeating: 0xA5, count: array.chunkByteCount)
  let presence = try bytes.withUnsafeMutableBytes { try array.readChunk(index, into: $0, context: context) }
  if presence == .missing {
    #expect(bytes.allSatisfy { $0 == 0xA5 }, "a missing chunk leaves the buffer alone")
    return nil
  }
  return bytes
}

/// The elements of a whole array in C order, each as its bytes; missing chunks as fill.
func readAll(_ array: ZarrArray) throws -> [[UInt8]] {
  let context = CodecContext()
  let width = array.elementType.byteCount
  var elements = [[UInt8]](repeating: array.fill, count: array.shape.reduce(1, *))
  for index in positions(array.chunkGrid) {
    guard let bytes = try readChunk(array, index, context) else { continue }
    for (i, inner) in positions(array.chunkShape).enumerated() {
      let at = zip(index, zip(array.chunkShape, inner)).map { $0 * $1.0 + $1.1 }
      guard zip(at, array.shape).allSatisfy({ $0 < $1 }) else { continue }
      elements[linear(at, array.shape)] = Array(bytes[(i * width)..<((i + 1) * width)])
    }
  }
  return elements
}

/// Noise that compresses somewhat, always the same.
func noise(byteCount: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return (0..<byteCount).map { i in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return i % 2 == 0 ? UInt8(state >> 59) : 0
  }
}

/// Writes a spec's metadata and one block after another, as the program does.
func write(_ spec: ArraySpec, to path: String, chunk: ([Int]) -> [UInt8]?) throws -> ZarrArray {
  let array = try ZarrArray(path: path, spec: spec)
  let folders = FolderMaker(root: path)
  let context = CodecContext()
  // what is encoded lies in it
  defer { withExtendedLifetime(context) {} }
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  for file in spec.metadataFiles() { try writeFileAtomically(file.bytes, to: path + "/" + file.name, sync: false) }
  for block in positions(array.blockGrid) {
    let target = path + "/" + array.blockFile(block)
    var builder = ShardBuilder(chunkCount: array.chunksPerBlock.reduce(1, *))
    try folders.ensureParent(of: target)
    var file = try AtomicFile(target: target, tag: "test")
    for inner in positions(array.chunksPerBlock) {
      let index = zip(block, zip(array.chunksPerBlock, inner)).map { $0 * $1.0 + $1.1 }
      guard zip(index, array.chunkGrid).allSatisfy({ $0 < $1 }), let raw = chunk(index) else {
        builder.append(encodedByteCount: nil)
        continue
      }
      let count = try raw.withUnsafeBytes { bytes in
        let encoded = try array.encodeChunk(bytes, context: context)
        try file.append(encoded)
        return encoded.count
      }
      builder.append(encodedByteCount: count)
    }
    if builder.isEmpty {
      file.discard()
    } else {
      if spec.shardShape != nil { try file.append(try builder.finish()) }
      try file.commit()
    }
  }
  return array
}

/// The typed error that a call throws.
func zarrError(_ body: () throws -> Void) -> ZarrError? {
  do {
    try body()
    return nil
  } catch {
    return error as? ZarrError
  }
}
