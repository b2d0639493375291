import Geometry
import Zarr

/// A TIFF file, or several that make one image, read piece by piece: a tile, or some rows of a plane.
///
/// Only what is asked for is read and decoded. Safe on any thread: each borrows a file of its own from the pool.
public final class TIFFImageSource: ImageSource {
  public let shape: TCZYX
  public let chunk: TCZYX
  public let elementType: ElementType
  public let fill: [UInt8]
  private let file: TIFFImageFile
  /// The name of the view, for messages.
  private let view: String

  /// Opens the file again and makes sure that it is still what was recorded.
  public init(view: String, level: ViewLevel) throws(ViewsError) {
    let path = level.arrayPath
    do {
      let found = try TIFFImageFile.open(path, axes: level.axes)
      // jobs of earlier versions know no parts of tiles
      let whole = found.inWholeTiles
      file = whole.chunk == level.chunk ? whole : found
    } catch {
      throw ViewsError(error, view: view)
    }
    self.view = view
    (shape, chunk, elementType) = (file.shape, file.chunk, file.layout.elementType)
    fill = [UInt8](repeating: 0, count: elementType.byteCount)
    for (field, recorded, found) in [
      ("shape", "\(level.shape.array)", "\(shape.array)"), ("chunks", "\(level.chunk.array)", "\(chunk.array)"),
      ("type", level.elementType.rawValue, elementType.rawValue),
    ] where recorded != found {
      throw .inputChanged(view: view, path: path, field: field, recorded: recorded, found: found)
    }
  }

  public func readChunk(
    _ index: TCZYX, into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ViewsError) -> ChunkPresence {
    guard buffer.count == chunkByteCount else {
      throw .unreadable(
        view: view, why: .bufferMismatch(expectedByteCount: chunkByteCount, actualByteCount: buffer.count))
    }
    return try atPlane(of: index) { (plane) throws(TIFFError) in
      switch file.layout.pieces {
      case .rows: try plane.readRows(into: buffer)
      case .strips(let count): try plane.decodeStrips(count, into: buffer)
      case .tiles: try plane.decodeTile(into: buffer)
      case .partsOfTiles(let parts): try plane.readPart(parts, into: buffer)
      }
    }
  }

  /// Nearly every TIFF has all its tiles; to find that out would be to look at each.
  public func mayHoldVoxels(t: Int, c: Int, chunks: Box3) throws(ViewsError) -> Bool { true }

  private func atPlane<T>(
    of index: TCZYX, _ body: (TIFFPiece) throws(TIFFError) -> T
  ) throws(ViewsError) -> T {
    let grid = chunkGrid.count
    guard zip(index.array, grid.array).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      throw .unreadable(view: view, why: .indexOutside(index: index.array, grid: grid.array, path: file.path))
    }
    let samples = file.layout.sampleCount
    // a chunk has all samples, or one
    let (c, sample) = file.layout.isInterleaved ? (index.c, 0) : (index.c / samples, index.c % samples)
    let place = file.metadata.planes[t: index.t, c: c, z: index.z]
    let path = file.metadata.files[place.file]
    do {
      return try TIFFPool.shared.with(path) { (handle) throws(TIFFError) in
        let table = try TIFFPool.shared.table(handle)
        let directory = file.directory(of: place, in: table)
        guard directory < table.offsets.count else {
          throw .damaged(path: path, place: "directory \(directory)", reason: "the file has \(table.offsets.count) only")
        }
        try handle.select(table.offsets[directory], TIFFImageFile.directory(directory, table))
        return try body(
          TIFFPiece(
            handle: handle, layout: file.layout, directory: directory, sample: sample,
            skipped: file.metadata.isContiguous ? UInt64(place.page) * UInt64(file.layout.planeByteCount) : nil,
            row: index.y, column: index.x))
      }
    } catch {
      throw ViewsError(error, view: view)
    }
  }
}
