import Geometry
import Memory
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

  /// A box of voxels in memory, valid as long as this is and until the next one is lent.
  struct Loan {
    /// Of its first corner.
    let start: UnsafeRawPointer
    /// Elements from a row, or a plane, to the next.
    let rowStride: Int
    let planeStride: Int
    fileprivate let holder: ChunkBuffer?
  }

  private let cache: ChunkCache
  let context: CodecContext
  /// Something useful to do while another worker decodes a chunk that this one needs; false where there is nothing.
  var meanwhile: () -> Bool = { false }
  private var patch = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(cache: ChunkCache, context: CodecContext) {
    (self.cache, self.context) = (cache, context)
  }

  deinit { Pages.free(patch) }

  /// The voxels of `box`, as they lie in the cache where it lies in one chunk, else put together; nil where all are the
  /// fill value. Parameters are those of `read`.
  func lend(
    _ image: any ImageSource, number: Int, t: Int, c: Int, box: Box3,
    isEmpty: (TCZYX) throws(ViewsError) -> Bool
  ) throws(ViewsError) -> Loan? {
    let element = image.elementType.byteCount
    let chunkShape = image.chunk
    let chunks = BlockGrid(shape: image.shape, block: chunkShape).blocks(meeting: box)
    guard chunks.count == 1 else {
      let byteCount = box.count * element
      if patch.count < byteCount {
        Pages.free(patch)
        patch = largeMemory(byteCount)
      }
      let bytes = UnsafeMutableRawBufferPointer(rebasing: patch[..<byteCount])
      guard case .voxels = try read(image, number: number, t: t, c: c, box: box, into: bytes, isEmpty: isEmpty),
        let start = bytes.baseAddress
      else { return nil }
      let shape = box.shape
      return Loan(start: start, rowStride: shape[2], planeStride: shape[1] * shape[2], holder: nil)
    }
    let index = TCZYX(t: t / chunkShape.t, c: c / chunkShape.c, zyx: chunks.lower)
    guard case .voxels(let chunk) = try content(image, number: number, index, isEmpty: isEmpty),
      let base = chunk.bytes.baseAddress
    else { return nil }
    let at = box.lower &- chunks.lower &* chunkShape.zyx
    let (rowStride, planeStride) = (chunkShape.x, chunkShape.y * chunkShape.x)
    let first = plane(t: t, c: c, of: chunkShape) + at[0] * planeStride + at[1] * rowStride + at[2]
    return Loan(start: base + first * element, rowStride: rowStride, planeStride: planeStride, holder: chunk)
  }

  /// One chunk, by way of the cache.
  private func content(
    _ image: any ImageSource, number: Int, _ index: TCZYX, isEmpty: (TCZYX) throws(ViewsError) -> Bool
  ) throws(ViewsError) -> ChunkCache.Content {
    if try isEmpty(index) { return .constant }
    return try cache.content(key(image, number, index), byteCount: byteCount(image), meanwhile: meanwhile) {
      (bytes) throws(ViewsError) in try load(image, index, into: bytes)
    }
  }

  /// Decodes a chunk into the cache, where it will be needed soon. False where it is there, or there is no room.
  func fetch(_ image: any ImageSource, number: Int, _ index: TCZYX) throws(ViewsError) -> Bool {
    try cache.fetch(key(image, number, index), byteCount: byteCount(image)) {
      (bytes) throws(ViewsError) in try load(image, index, into: bytes)
    }
  }

  private func key(_ image: any ImageSource, _ number: Int, _ index: TCZYX) -> ChunkCache.Key {
    ChunkCache.Key(source: number, chunk: BlockGrid(shape: image.shape, block: image.chunk).linearIndex(of: index))
  }

  private func byteCount(_ image: any ImageSource) -> Int { image.chunk.product * image.elementType.byteCount }

  private func load(
    _ image: any ImageSource, _ index: TCZYX, into bytes: UnsafeMutableRawBufferPointer
  ) throws(ViewsError) -> Bool {
    if case .missing = try image.readChunk(index, into: bytes, context: context) { return false }
    return true
  }

  /// The first element of a time point and channel in a chunk that holds several.
  private func plane(t: Int, c: Int, of chunk: TCZYX) -> Int {
    ((t % chunk.t) * chunk.c + c % chunk.c) * chunk.z * chunk.y * chunk.x
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
    var copied = false
    var constants: [Box3] = []
    for z in chunks.lower[0]..<chunks.upper[0] {
      for y in chunks.lower[1]..<chunks.upper[1] {
        for x in chunks.lower[2]..<chunks.upper[2] {
          let index = TCZYX(t: t / chunkShape.t, c: c / chunkShape.c, z: z, y: y, x: x)
          let whole = Box3(lower: index.zyx &* chunkShape.zyx, upper: (index.zyx &+ 1) &* chunkShape.zyx)
          let part = whole.intersection(box)
          switch try content(image, number: number, index, isEmpty: isEmpty) {
          case .constant:
            if copied { fill(part, of: box, with: image.fill, in: buffer) } else { constants.append(part) }
          case .voxels(let chunk):
            if !copied {
              for earlier in constants { fill(earlier, of: box, with: image.fill, in: buffer) }
              copied = true
            }
            let first = plane(t: t, c: c, of: chunkShape) * element
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
