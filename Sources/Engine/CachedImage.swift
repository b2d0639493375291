import Geometry
import Views

/// An image, and what is known of it and of those who will read it.
struct CachedImage {
  let source: any ImageSource
  /// Tells it apart from others in the cache.
  let number: Int
  /// Whether a chunk is known to hold nothing but fill, so that it is not looked for.
  var isEmpty: (TCZYX) throws(ViewsError) -> Bool = { _ in false }
  /// How many will read these voxels, a chunk, and say so by `finished`; nil where that is not known.
  var readerCount: (Box3) -> Int? = { _ in nil }

  var chunkGrid: BlockGrid { source.chunkGrid }
  func key(_ index: TCZYX) -> ChunkCache.Key {
    ChunkCache.Key(source: number, chunk: chunkGrid.linearIndex(of: index))
  }
}
