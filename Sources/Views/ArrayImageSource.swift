import Geometry
import Zarr

/// A chunked array whose dimensions are any legal subset of `t c z y x`, seen as five-dimensional.
public final class ArrayImageSource: ImageSource {
  public let shape: TCZYX
  public let chunk: TCZYX
  public let elementType: ElementType
  public let fill: [UInt8]
  private let array: any ChunkedArray
  private let axes: [Axis]
  /// The name of the view, for messages.
  private let view: String

  /// Opens the Zarr array of a level.
  public convenience init(view: String, level: ViewLevel) throws(ViewsError) {
    try self.init(view: view, level: level) { (level) throws(ZarrError) in try ZarrArray.open(level.arrayPath) }
  }

  /// Opens the array of a level and makes sure that it is still what was recorded.
  init(
    view: String, level: ViewLevel, open: (ViewLevel) throws(ZarrError) -> any ChunkedArray
  ) throws(ViewsError) {
    let found: any ChunkedArray
    do {
      found = try open(level)
    } catch {
      throw error.isFileMissing
        ? .inputMissing(view: view, path: level.arrayPath) : .unreadable(view: view, why: error)
    }
    (self.view, axes) = (view, level.axes)
    // jobs of earlier versions know no parts of chunks
    let isRecordedWhole = found.chunkShape.count == axes.count && TCZYX(found.chunkShape, axes: axes) == level.chunk
    array = isRecordedWhole ? found : found.inParts
    func check(_ field: String, _ recorded: String, _ found: String) throws(ViewsError) {
      if recorded != found {
        throw .inputChanged(view: view, path: level.arrayPath, field: field, recorded: recorded, found: found)
      }
    }
    guard array.shape.count == axes.count, array.chunkShape.count == axes.count else {
      throw .inputChanged(
        view: view, path: level.arrayPath, field: "axes", recorded: "\(axes.count)", found: "\(array.shape.count)")
    }
    shape = TCZYX(array.shape, axes: axes)
    chunk = TCZYX(array.chunkShape, axes: axes)
    elementType = array.elementType
    fill = array.fill
    try check("shape", "\(level.shape.array)", "\(shape.array)")
    try check("chunks", "\(level.chunk.array)", "\(chunk.array)")
    try check("type", level.elementType.rawValue, elementType.rawValue)
  }

  public func readChunk(
    _ index: TCZYX, into buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(ViewsError) -> ChunkPresence {
    do {
      return try array.readChunk(position(index), into: buffer, context: context)
    } catch {
      throw .unreadable(view: view, why: error)
    }
  }

  public func mayHoldVoxels(t: Int, c: Int, chunks: Box3) throws(ViewsError) -> Bool {
    let lower = TCZYX(t: t, c: c, zyx: chunks.lower)
    let upper = TCZYX(t: t + 1, c: c + 1, zyx: chunks.upper)
    do {
      return try array.anyStored(in: axes.map { lower[$0]..<upper[$0] })
    } catch {
      throw .unreadable(view: view, why: error)
    }
  }

  public var chunkFiles: ChunkFiles? { array.chunkFiles }

  public func folders(ofChunk index: TCZYX) -> [String] { array.chunkFiles?.folders(ofChunk: position(index)) ?? [] }

  private func position(_ index: TCZYX) -> [Int] { axes.map { index[$0] } }
}

extension TCZYX {
  /// Lengths along some axes; 1 along the others. Both lists are equally long.
  init(_ lengths: [Int], axes: [Axis]) {
    self = .one
    for (axis, length) in zip(axes, lengths) { self[axis] = length }
  }
}
