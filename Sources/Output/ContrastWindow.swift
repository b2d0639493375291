import Geometry
import Planning
import Zarr

/// The range of values of each channel, for viewers: smallest and largest voxel of the coarsest level, and the background among
/// them so that it can be shown. Never empty: viewers refuse a whole image for one window without a width.
enum ContrastWindow {
  /// Time points looked at, at most: a window needs to fit, not to be exact.
  static let timePointLimit = 16

  /// - Parameter isDone: whether a block is recorded done: then it has a file, and none is no background.
  static func measure(_ array: ZarrArray, plan: JobPlan, isDone: OutputFolder.IsDone) throws -> [OMEChannel.Window] {
    guard let layout = plan.levels.last else { return [] }
    let context = CodecContext()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: array.chunkByteCount, alignment: 64)
    defer { buffer.deallocate() }
    let grid = BlockGrid(shape: layout.shape, block: layout.chunk)
    let step = max(1, ceilDivide(grid.count.t, timePointLimit))
    // the others only as long as all is black
    let times = Array(stride(from: 0, to: grid.count.t, by: step))
    let others = (0..<grid.count.t).filter { $0 % step != 0 }
    var windows: [OMEChannel.Window] = []
    for c in 0..<grid.count.c {
      let background = plan.fusion.backgroundNumber
      var (low, high) = (background, background)
      for (i, t) in (times + others).enumerated() {
        if i >= times.count && low < high { break }
        for i in 0..<grid.count.z * grid.count.y * grid.count.x {
          let space = BlockGrid(shape: TCZYX(zyx: grid.count.zyx), block: .one).position(at: i).zyx
          let index = array.index(at: TCZYX(t: t, c: c, zyx: space))
          guard case .present = try array.readChunk(index, into: buffer, context: context) else {
            let block = TCZYX(t: t, c: c, zyx: space &* layout.chunk.zyx / layout.grid.block.zyx)
            if try isDone(block) { _ = try array.readRecordedChunk(index, into: buffer, context: context) }
            continue
          }
          let box = grid.box(of: TCZYX(t: t, c: c, zyx: space))
          forEachRow(of: UnsafeRawBufferPointer(buffer), box.shape, chunk: layout.chunk, type: plan.outputType) { row in
            guard let range = valueRange(row, type: plan.outputType) else { return }
            (low, high) = (min(low, range.lowerBound), max(high, range.upperBound))
          }
        }
      }
      if low == high { high = max(low + 1, low.nextUp) }
      windows.append(OMEChannel.Window(min: low, max: high, start: low, end: high))
    }
    return windows
  }

  /// Those within the array: at its end a chunk has more.
  private static func forEachRow(
    of chunk: UnsafeRawBufferPointer, _ inside: Index3, chunk shape: TCZYX, type: ElementType,
    _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    for z in 0..<inside[0] {
      for y in 0..<inside[1] {
        let start = (z * shape.y + y) * shape.x * type.byteCount
        body(UnsafeRawBufferPointer(rebasing: chunk[start..<start + inside[2] * type.byteCount]))
      }
    }
  }

  /// The smallest and largest element, not counting NaN and infinities; nil where there is nothing else.
  private static func valueRange(_ bytes: UnsafeRawBufferPointer, type: ElementType) -> ClosedRange<Double>? {
    switch type {
    case .uint8: integers(bytes.bindMemory(to: UInt8.self))
    case .uint16: integers(bytes.bindMemory(to: UInt16.self))
    case .uint32: integers(bytes.bindMemory(to: UInt32.self))
    case .uint64: integers(bytes.bindMemory(to: UInt64.self))
    case .int8: integers(bytes.bindMemory(to: Int8.self))
    case .int16: integers(bytes.bindMemory(to: Int16.self))
    case .int32: integers(bytes.bindMemory(to: Int32.self))
    case .int64: integers(bytes.bindMemory(to: Int64.self))
    case .float16: numbers(bytes.bindMemory(to: Half.self)) { Double($0.float) }
    case .float32: numbers(bytes.bindMemory(to: Float.self)) { Double($0) }
    case .float64: numbers(bytes.bindMemory(to: Double.self)) { $0 }
    }
  }

  private static func integers<T: FixedWidthInteger>(_ values: UnsafeBufferPointer<T>) -> ClosedRange<Double>? {
    var (low, high) = (T.max, T.min)
    for value in values { (low, high) = (min(low, value), max(high, value)) }
    return low <= high ? Double(low)...Double(high) : nil
  }

  private static func numbers<T>(_ values: UnsafeBufferPointer<T>, _ number: (T) -> Double) -> ClosedRange<Double>? {
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values {
      let value = number(value)
      if value.isFinite { (low, high) = (min(low, value), max(high, value)) }
    }
    return low <= high ? low...high : nil
  }
}
