import Fusion
import Geometry
import Memory
import Views
import Zarr

/// Reads boxes of voxels out of chunked images, through the shared cache of decoded chunks.
///
/// Thread-confined: it owns the codec context of its worker.
final class RegionReader {
  private let cache: ChunkCache
  let context: CodecContext
  /// Something useful to do while another worker decodes a chunk that this one needs; false where there is nothing.
  private let meanwhile: () -> Bool
  private let patch = ScratchBuffer()

  init(cache: ChunkCache, context: CodecContext, meanwhile: @escaping () -> Bool = { false }) {
    (self.cache, self.context, self.meanwhile) = (cache, context, meanwhile)
  }

  /// The voxels of `box` at one `t` and `c`, as they lie in the cache where it lies in one stored chunk; else nil.
  func lend(_ known: CachedImage, t: Int, c: Int, box: Box3) throws(ViewsError) -> LentVoxels? {
    let chunkShape = known.source.chunk
    let chunks = known.chunkGrid.blocks(meeting: box)
    guard chunks.count == 1 else { return nil }
    let index = TCZYX(t: t / chunkShape.t, c: c / chunkShape.c, zyx: chunks.lower)
    guard case .voxels(let chunk) = try content(known, index), let base = chunk.bytes.baseAddress else { return nil }
    let at = box.lower &- chunks.lower &* chunkShape.zyx
    let (rowStride, planeStride) = (chunkShape.x, chunkShape.y * chunkShape.x)
    let first = plane(t: t, c: c, of: chunkShape) + at[0] * planeStride + at[1] * rowStride + at[2]
    return LentVoxels(
      start: base + first * known.source.elementType.byteCount, rowStride: rowStride, planeStride: planeStride, holder: chunk)
  }

  /// The same voxels, put together where they lie in several chunks, and then valid until the next are; nil where all
  /// are the fill value.
  func voxels(_ known: CachedImage, t: Int, c: Int, box: Box3) throws(ViewsError) -> LentVoxels? {
    if let lent = try lend(known, t: t, c: c, box: box) { return lent }
    let byteCount = box.count * known.source.elementType.byteCount
    let bytes = patch.reserve(byteCount: byteCount)
    guard case .voxels = try read(known, t: t, c: c, box: box, into: bytes), let start = bytes.baseAddress else { return nil }
    let shape = box.shape
    return LentVoxels(start: start, rowStride: shape[2], planeStride: shape[1] * shape[2], holder: nil)
  }

  /// Whether chunks of an image may be held while a block is made of them: those that the cache drops meanwhile are
  /// beyond its limit, so they must be few.
  func mayHold(_ known: CachedImage) -> Bool { cache.holdsMany(byteCount: known.source.chunkByteCount) }

  /// One chunk, by way of the cache.
  private func content(_ known: CachedImage, _ index: TCZYX) throws(ViewsError) -> ChunkCache.Content {
    if try known.isEmpty(index) { return .constant }
    return try cache.content(
      known.key(index), byteCount: known.source.chunkByteCount, readerCount: { readerCount(known, index) },
      meanwhile: meanwhile
    ) { (bytes) throws(ViewsError) in try load(known.source, index, into: bytes) }
  }

  /// Decodes a chunk into the cache, where it will be needed soon. False where it is there, or there is no room.
  func fetch(_ known: CachedImage, _ index: TCZYX) throws(ViewsError) -> Bool {
    try cache.fetch(
      known.key(index), byteCount: known.source.chunkByteCount, readerCount: { readerCount(known, index) }
    ) { (bytes) throws(ViewsError) in try load(known.source, index, into: bytes) }
  }

  /// Whoever was counted as a reader of the chunks of a box will not read them again.
  func finished(_ known: CachedImage, t: Int, c: Int, box: Box3) {
    let (t, c) = (t / known.source.chunk.t, c / known.source.chunk.c)
    for chunk in known.chunkGrid.blocks(meeting: box).positions {
      cache.finished(known.key(TCZYX(t: t, c: c, zyx: chunk)))
    }
  }

  private func readerCount(_ known: CachedImage, _ index: TCZYX) -> Int? {
    // who reads which of several time points or channels is not counted
    guard known.source.chunk.t == 1, known.source.chunk.c == 1 else { return nil }
    return known.readerCount(known.chunkGrid.box(of: index))
  }

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

  /// Reads `box` at one `t` and `c`: C order, native type.
  func read(
    _ known: CachedImage, t: Int, c: Int, box: Box3, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ViewsError) -> PatchContent {
    let image = known.source
    let element = image.elementType.byteCount
    let chunkShape = image.chunk
    var copied = false
    var constants: [Box3] = []
    for position in known.chunkGrid.blocks(meeting: box).positions {
      let index = TCZYX(t: t / chunkShape.t, c: c / chunkShape.c, zyx: position)
      let whole = Box3(lower: position &* chunkShape.zyx, upper: (position &+ 1) &* chunkShape.zyx)
      let part = whole.intersection(box)
      switch try content(known, index) {
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
