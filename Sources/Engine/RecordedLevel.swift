import Geometry
import JobStore
import Output
import Views
import Zarr

/// A level of the output as the source of the one above. Whoever reads a chunk of it knows that its block is recorded done:
/// the block has a file, and where that is not there the chunk is no background.
struct RecordedLevel: ImageSource {
  let shape: TCZYX
  let chunk: TCZYX
  let elementType: ElementType
  let fill: [UInt8]
  private let array: ZarrArray
  private let name: String

  init(_ layout: LevelLayout, _ array: ZarrArray) {
    (shape, chunk, elementType, fill) = (layout.shape, layout.chunk, array.elementType, array.fill)
    (self.array, name) = (array, "level \(layout.level)")
  }

  func readChunk(
    _ index: TCZYX, into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ViewsError) -> ChunkPresence {
    do throws(ZarrError) {
      return try array.readRecordedChunk(array.index(at: index), into: buffer, context: context)
    } catch {
      throw .unreadable(view: name, why: error)
    }
  }

  /// The record says it.
  func mayHoldVoxels(t: Int, c: Int, chunks: Box3) -> Bool { true }
}
