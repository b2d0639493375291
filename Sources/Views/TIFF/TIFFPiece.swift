import Geometry
import Zarr

/// One piece of the plane that is the current directory of an open TIFF file.
struct TIFFPiece {
  let handle: TIFFHandle
  let layout: TIFFLayout
  /// The number of the directory, for messages.
  let directory: Int
  /// The sample that the piece is of, if samples of a pixel are apart.
  let sample: Int
  /// Bytes of the planes before this one, if all planes follow the first directory; else nil.
  let skipped: UInt64?
  /// The position of the piece in the plane, counted in pieces.
  let row: Int
  let column: Int

  private var element: Int { layout.elementType.byteCount }
  private var firstRow: Int { row * layout.rowCount }
  /// Rows of the image that the piece has.
  private var rows: Range<Int> { firstRow..<min(firstRow + layout.rowCount, layout.height) }

  // MARK: - Rows without libtiff

  /// Reads the rows from wherever the strips have them; strips that follow each other in one go.
  func readRows(into buffer: UnsafeMutableRawBufferPointer) throws(TIFFError) -> ChunkPresence {
    let rowByteCount = layout.rowByteCount
    let byteCount = rows.count * rowByteCount
    let target =
      layout.pieceSampleCount == 1
      ? UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount]) : handle.scratch(byteCount: byteCount)
    var isStored = false
    var run: (offset: UInt64, from: Int, count: Int)?
    for strip in rows.lowerBound / layout.stripRowCount...(rows.upperBound - 1) / layout.stripRowCount {
      let part = rows.clamped(to: strip * layout.stripRowCount..<(strip + 1) * layout.stripRowCount)
      let count = part.count * rowByteCount
      let at = (part.lowerBound - rows.lowerBound) * rowByteCount
      guard let offset = try offset(ofStrip: strip, rows: part) else {
        UnsafeMutableRawBufferPointer(rebasing: target[at..<at + count]).initializeMemory(as: UInt8.self, repeating: 0)
        continue
      }
      isStored = true
      if let known = run, known.offset + UInt64(known.count) == offset, known.from + known.count == at {
        run?.count += count
      } else {
        if let run { try read(run, into: target) }
        run = (offset, at, count)
      }
    }
    if let run { try read(run, into: target) }
    guard isStored else { return .missing }
    if !handle.isNative {
      swapBytes(UnsafeRawBufferPointer(target), to: target, elementByteCount: element)
    }
    if layout.pieceSampleCount > 1 { separate(UnsafeRawBufferPointer(target), rows: rows.count, into: buffer) }
    clear(buffer, fromRow: rows.count)
    return .present(storedByteCount: byteCount)
  }

  /// The place in the file where some rows of a strip begin; nil if the strip was never written.
  private func offset(ofStrip strip: Int, rows part: Range<Int>) throws(TIFFError) -> UInt64? {
    if let skipped {
      let first = try handle.locate(block: 0, place(0)).offset
      return first + skipped + UInt64(part.lowerBound * layout.rowByteCount)
    }
    let block = sample * layout.blocksPerSample + strip
    let stored = try handle.locate(block: block, place(block))
    if stored.offset == 0 && stored.byteCount == 0 { return nil }
    let before = (part.lowerBound - strip * layout.stripRowCount) * layout.rowByteCount
    let needed = UInt64(before + part.count * layout.rowByteCount)
    guard stored.byteCount >= needed else {
      throw damaged(block, "it has \(stored.byteCount) bytes instead of \(needed)")
    }
    return stored.offset + UInt64(before)
  }

  private func read(
    _ run: (offset: UInt64, from: Int, count: Int), into target: UnsafeMutableRawBufferPointer
  ) throws(TIFFError) {
    let part = UnsafeMutableRawBufferPointer(rebasing: target[run.from..<run.from + run.count])
    let count = try handle.read(at: run.offset, into: part)
    guard count == run.count else {
      throw .damaged(
        path: handle.path, place: "directory \(directory), bytes \(run.offset) to \(run.offset + UInt64(run.count))",
        reason: "the file ends at byte \(handle.byteCount)")
    }
  }

  // MARK: - Strips and tiles

  func decodeStrips(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TIFFError) -> ChunkPresence {
    let target =
      layout.pieceSampleCount == 1
      ? buffer : handle.scratch(byteCount: layout.pieceByteCount)
    var stored = 0
    for strip in row * count..<min((row + 1) * count, layout.blocksPerSample) {
      let first = strip * layout.stripRowCount
      let byteCount = min(layout.stripRowCount, layout.height - first) * layout.rowByteCount
      let at = (first - firstRow) * layout.rowByteCount
      let part = UnsafeMutableRawBufferPointer(rebasing: target[at..<at + byteCount])
      stored += try decode(sample * layout.blocksPerSample + strip, into: part)
    }
    guard stored > 0 else { return .missing }
    if layout.pieceSampleCount > 1 { separate(UnsafeRawBufferPointer(target), rows: rows.count, into: buffer) }
    clear(buffer, fromRow: rows.count)
    return .present(storedByteCount: stored)
  }

  func decodeTile(into buffer: UnsafeMutableRawBufferPointer) throws(TIFFError) -> ChunkPresence {
    let target =
      layout.pieceSampleCount == 1
      ? buffer : handle.scratch(byteCount: layout.pieceByteCount)
    let stored = try decode(block, into: target)
    guard stored > 0 else { return .missing }
    if layout.pieceSampleCount > 1 { separate(UnsafeRawBufferPointer(target), rows: layout.rowCount, into: buffer) }
    return .present(storedByteCount: stored)
  }

  /// Reads a part of a tile from where it is in the file.
  func readPart(_ parts: ChunkParts, into buffer: UnsafeMutableRawBufferPointer) throws(TIFFError) -> ChunkPresence {
    let (tile, first) = parts.split([row, column, 0])
    let block = sample * layout.blocksPerSample + tile[0] * layout.tilesAcross + tile[1]
    guard let stored = try stored(block) else { return .missing }
    let shape = layout.blockShape
    let expected = shape.reduce(element, *)
    guard stored.byteCount >= expected else {
      throw damaged(block, "it has \(stored.byteCount) bytes instead of \(expected)")
    }
    let target =
      layout.pieceSampleCount == 1
      ? buffer : handle.scratch(byteCount: layout.pieceByteCount)
    let offset = stored.offset + UInt64(parts.voxels(before: first, stored: shape) * element)
    try read((offset: offset, from: 0, count: layout.pieceByteCount), into: target)
    if !handle.isNative { swapBytes(UnsafeRawBufferPointer(target), to: target, elementByteCount: element) }
    if layout.pieceSampleCount > 1 { separate(UnsafeRawBufferPointer(target), rows: layout.rowCount, into: buffer) }
    return .present(storedByteCount: layout.pieceByteCount)
  }

  /// Decodes a tile or strip and returns its bytes in the file: 0, with zeros as voxels, if it was never written.
  private func decode(_ block: Int, into target: UnsafeMutableRawBufferPointer) throws(TIFFError) -> Int {
    guard let stored = try stored(block) else {
      target.initializeMemory(as: UInt8.self, repeating: 0)
      return 0
    }
    try handle.decode(block: block, into: target, place(block))
    return Int(stored.byteCount)
  }

  /// The place of a tile or strip, which lies in the file; nil if it was never written.
  private func stored(_ block: Int) throws(TIFFError) -> (offset: UInt64, byteCount: UInt64)? {
    let stored = try handle.locate(block: block, place(block))
    guard stored.byteCount > 0 || stored.offset > 0 else { return nil }
    guard stored.offset <= handle.byteCount, stored.byteCount <= handle.byteCount - stored.offset else {
      throw damaged(
        block, "it ends at byte \(stored.offset &+ stored.byteCount), the file at \(handle.byteCount)")
    }
    return stored
  }

  // MARK: -

  private var block: Int { sample * layout.blocksPerSample + row * layout.tilesAcross + column }

  private func place(_ block: Int) -> String {
    "directory \(directory), \(layout.isTiled ? "tile" : "strip") \(block)"
  }

  private func damaged(_ block: Int, _ reason: String) -> TIFFError {
    .damaged(path: handle.path, place: place(block), reason: reason)
  }

  /// Sorts samples beside each other into planes of the chunk, one for each.
  private func separate(_ source: UnsafeRawBufferPointer, rows: Int, into buffer: UnsafeMutableRawBufferPointer) {
    let planeCount = layout.rowCount * layout.columnCount
    let pixels = rows * layout.columnCount
    func move<Word: BitwiseCopyable>(_: Word.Type) {
      let (from, to) = (source.bindMemory(to: Word.self), buffer.bindMemory(to: Word.self))
      let count = layout.pieceSampleCount
      for sample in 0..<count {
        for pixel in 0..<pixels { to[sample * planeCount + pixel] = from[pixel * count + sample] }
      }
    }
    switch element {
    case 1: move(UInt8.self)
    case 2: move(UInt16.self)
    case 4: move(UInt32.self)
    default: move(UInt64.self)
    }
  }

  /// Clears what lies below the image in a piece at its edge.
  private func clear(_ buffer: UnsafeMutableRawBufferPointer, fromRow row: Int) {
    guard row < layout.rowCount else { return }
    let plane = layout.rowCount * layout.columnCount * element
    let first = row * layout.columnCount * element
    for sample in 0..<layout.pieceSampleCount {
      UnsafeMutableRawBufferPointer(rebasing: buffer[sample * plane + first..<(sample + 1) * plane])
        .initializeMemory(as: UInt8.self, repeating: 0)
    }
  }
}
