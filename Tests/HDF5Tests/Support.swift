import Geometry
import HDF5
import TestSupport
import Zarr

func open(_ file: HDF5TestFile, _ inner: String) throws -> HDF5Array {
  try HDF5Array.open(HDF5File.open(file.path), inner)
}

/// Bytes that differ from one element to the next.
func bytes(_ width: Int, count: Int = 5 * 7 * 6) -> [UInt8] {
  (0..<count).flatMap { i in (0..<width).map { UInt8(truncatingIfNeeded: (i &* 37 &+ 11) >> ($0 * 4)) } }
}

/// With the bytes of each element reversed.
func swapped(_ bytes: [UInt8], _ width: Int) -> [UInt8] {
  stride(from: 0, to: bytes.count, by: width).flatMap { bytes[$0..<($0 + width)].reversed() }
}

/// One read unit; nil where nothing is stored.
func readChunk(_ array: HDF5Array, _ index: [Int], _ context: CodecContext = CodecContext()) throws -> [UInt8]? {
  var bytes = [UInt8](repeating: 0xA5, count: array.chunkShape.reduce(array.elementType.byteCount, *))
  let presence = try bytes.withUnsafeMutableBytes { try array.readChunk(index, into: $0, context: context) }
  return presence == .missing ? nil : bytes
}

/// The voxels of a whole array in C order; missing chunks as fill.
func read(_ array: HDF5Array) throws -> [UInt8] {
  let width = array.elementType.byteCount
  let context = CodecContext()
  var voxels = (0..<array.shape.reduce(1, *)).flatMap { _ in array.fill }
  for index in positions(zip(array.shape, array.chunkShape).map { ($0 + $1 - 1) / $1 }) {
    guard let bytes = try readChunk(array, index, context) else { continue }
    for (i, inner) in positions(array.chunkShape).enumerated() {
      let at = zip(index, zip(array.chunkShape, inner)).map { $0 * $1.0 + $1.1 }
      guard zip(at, array.shape).allSatisfy({ $0 < $1 }) else { continue }
      let place = zip(at, array.shape).reduce(0) { $0 * $1.1 + $1.0 }
      voxels.replaceSubrange((place * width)..<((place + 1) * width), with: bytes[(i * width)..<((i + 1) * width)])
    }
  }
  return voxels
}

/// Steps through a grid in C order.
func positions(_ grid: [Int]) -> [[Int]] {
  grid.reduce([[]]) { found, length in found.flatMap { head in (0..<length).map { head + [$0] } } }
}

/// The typed error that a call throws.
func error(_ body: () throws -> Void) -> ZarrError? { thrown(ZarrError.self, by: body) }
