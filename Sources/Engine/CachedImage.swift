import Geometry
import Views

/// An image, and what is known of it and of those who will read it.
struct CachedImage {
  let source: any ImageSource
  /// Tells it apart from others in the cache.
  let number: Int
  /// Whether a chunk is known to hold nothing but fill, so that it is not looked for.
  let isEmpty: (TCZYX) throws(ViewsError) -> Bool
  /// How many will read these voxels, a chunk, and say so by `finished`; nil where that is not known.
  let readerCount: (Box3) -> Int?

  init(
    source: any ImageSource, number: Int, isEmpty: @escaping (TCZYX) throws(ViewsError) -> Bool = { _ in false },
    readerCount: @escaping (Box3) -> Int? = { _ in nil }
  ) {
    (self.source, self.number) = (source, number)
    (self.isEmpty, self.readerCount) = (isEmpty, readerCount)
  }

  var chunkGrid: BlockGrid { source.chunkGrid }
  func key(_ index: TCZYX) -> ChunkCache.Key {
    ChunkCache.Key(source: number, chunk: chunkGrid.linearIndex(of: index))
  }
}
