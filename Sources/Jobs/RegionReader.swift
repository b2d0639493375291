import Geometry
import Views
import Zarr

/// Reads boxes of voxels out of chunked images, through the shared cache of decoded chunks.
///
/// Thread-confined: it owns the codec context of its worker.
final class RegionReader {
  enum Content {
    /// The buffer holds the box, C order, native type.
    case voxels
    /// All voxels of the box have one value, that of the buffer's first element; the rest was not written.
    case constant
  }

  private let cache: ChunkCache
  let context: CodecContext

  init(cache: ChunkCache, context: CodecContext) {
    (self.cache, self.context) = (cache, context)
  }

  /// Reads `box` at one `t` and `c`. `number` tells the image apart from others in the cache; `isEmpty` may say that a
  /// chunk is known to hold nothing but fill, so that it is not looked for.
  func read(
    _ image: any ImageSource, number: Int, t: Int, c: Int, box: Box3, into buffer: UnsafeMutableRawBufferPointer,
    isEmpty: (TCZYX) throws(ViewsError) -> Bool = { _ in false }
  ) throws(ViewsError) -> Content {
    let element = image.elementType.byteCount
    let chunkShape = image.chunk
    let grid = BlockGrid(shape: image.shape, block: chunkShape)
    let chunks = grid.blocks(meeting: box)
    let byteCount = chunkShape.product * element
    var copied = false
    var constants: [Box3] = []
    for z in chunks.lower[0]..<chunks.upper[0] {
      for y in chunks.lower[1]..<chunks.upper[1] {
        for x in chunks.lower[2]..<chunks.upper[2] {
          let index = TCZYX(t: t / chunkShape.t, c: c / chunkShape.c, z: z, y: y, x: x)
          let whole = Box3(lower: index.zyx &* chunkShape.zyx, upper: (index.zyx &+ 1) &* chunkShape.zyx)
          let part = whole.intersection(box)
          let content: ChunkCache.Content =
            try isEmpty(index)
            ? .constant
            : try cache.content(
              ChunkCache.Key(source: number, chunk: grid.linearIndex(of: index)), byteCount: byteCount
            ) { (bytes) throws(ViewsError) in
              if case .missing = try image.readChunk(index, into: bytes, context: self.context) { return false }
              return true
            }
          switch content {
          case .constant:
            if copied { fill(part, of: box, with: image.fill, in: buffer) } else { constants.append(part) }
          case .voxels(let chunk):
            if !copied {
              for earlier in constants { fill(earlier, of: box, with: image.fill, in: buffer) }
              copied = true
            }
            let plane = (t % chunkShape.t) * chunkShape.c + c % chunkShape.c
            let first = plane * chunkShape.z * chunkShape.y * chunkShape.x * element
            copyRows(
              from: UnsafeRawBufferPointer(rebasing: chunk.bytes[first...]), fromBox: whole, to: buffer, toBox: box,
              part: part, elementByteCount: element)
          }
        }
      }
    }
    if copied { return .voxels }
    for (i, byte) in image.fill.enumerated() where i < buffer.count { buffer[i] = byte }
    return .constant
  }

  private func fill(_ part: Box3, of box: Box3, with value: [UInt8], in buffer: UnsafeMutableRawBufferPointer) {
    let (stride, rowByteCount) = (box.shape, part.shape[2] * value.count)
    let isZero = value.allSatisfy { $0 == 0 }
    for z in part.lower[0]..<part.upper[0] {
      for y in part.lower[1]..<part.upper[1] {
        let at = ((z - box.lower[0]) * stride[1] + (y - box.lower[1])) * stride[2] + part.lower[2] - box.lower[2]
        let row = UnsafeMutableRawBufferPointer(rebasing: buffer[(at * value.count)...].prefix(rowByteCount))
        if isZero {
          row.initializeMemory(as: UInt8.self, repeating: 0)
        } else {
          for i in 0..<rowByteCount { row[i] = value[i % value.count] }
        }
      }
    }
  }
}

/// Copies the rows of `part` from one dense box of voxels into another; both hold `part`.
func copyRows(
  from source: UnsafeRawBufferPointer, fromBox: Box3, to target: UnsafeMutableRawBufferPointer, toBox: Box3,
  part: Box3, elementByteCount: Int
) {
  let rowByteCount = part.shape[2] * elementByteCount
  guard rowByteCount > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
  func offset(_ z: Int, _ y: Int, in box: Box3) -> Int {
    (((z - box.lower[0]) * box.shape[1] + (y - box.lower[1])) * box.shape[2] + part.lower[2] - box.lower[2])
      * elementByteCount
  }
  for z in part.lower[0]..<part.upper[0] {
    for y in part.lower[1]..<part.upper[1] {
      to.advanced(by: offset(z, y, in: toBox))
        .copyMemory(from: from.advanced(by: offset(z, y, in: fromBox)), byteCount: rowByteCount)
    }
  }
}
