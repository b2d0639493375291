import Geometry
import Zarr

/// The voxels of an image whose missing chunks are told to somebody, who may refuse them.
struct WatchedSource: ImageSource {
  private let source: any ImageSource
  private let files: ChunkFiles
  private let tell: @Sendable (_ folders: [String]) throws(ViewsError) -> Void

  /// - Parameter tell: is told the folders that a missing chunk's file lies in, the innermost first.
  init(
    _ source: any ImageSource, _ files: ChunkFiles, tell: @escaping @Sendable (_ folders: [String]) throws(ViewsError) -> Void
  ) {
    (self.source, self.files, self.tell) = (source, files, tell)
  }

  var shape: TCZYX { source.shape }
  var chunk: TCZYX { source.chunk }
  var elementType: ElementType { source.elementType }
  var fill: [UInt8] { source.fill }
  var chunkFiles: ChunkFiles? { files }

  func folders(ofChunk index: TCZYX) -> [String] { source.folders(ofChunk: index) }

  func readChunk(
    _ index: TCZYX, into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ViewsError) -> ChunkPresence {
    let presence = try source.readChunk(index, into: buffer, context: context)
    if presence == .missing { try tell(folders(ofChunk: index)) }
    return presence
  }

  func mayHoldVoxels(t: Int, c: Int, chunks: Box3) throws(ViewsError) -> Bool {
    if try source.mayHoldVoxels(t: t, c: c, chunks: chunks) { return true }
    // neighbours share folders
    var last: [String] = []
    for position in chunks.positions {
      let folders = folders(ofChunk: TCZYX(t: t, c: c, zyx: position))
      if folders == last { continue }
      try tell(folders)
      last = folders
    }
    return false
  }
}
