import Geometry
import Zarr

/// The range of values of each channel, for viewers: smallest and largest voxel of the coarsest level.
enum ContrastWindow {
  /// Time points looked at, at most: a window needs to fit, not to be exact.
  static let timePointLimit = 16

  static func measure(_ array: ZarrArray, plan: JobPlan) throws(ZarrError) -> [OMEChannel.Window] {
    guard let layout = plan.levels.last else { return [] }
    let context = CodecContext()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: array.chunkByteCount, alignment: 64)
    defer { buffer.deallocate() }
    let grid = BlockGrid(shape: layout.shape, block: layout.chunk)
    let step = max(1, ceilDivide(grid.count.t, timePointLimit))
    var windows: [OMEChannel.Window] = []
    for c in 0..<grid.count.c {
      var (low, high) = (Double.infinity, -Double.infinity)
      for t in stride(from: 0, to: grid.count.t, by: step) {
        for i in 0..<grid.count.z * grid.count.y * grid.count.x {
          let space = BlockGrid(shape: TCZYX(zyx: grid.count.zyx), block: .one).position(at: i).zyx
          let index = arrayIndex(TCZYX(t: t, c: c, zyx: space), axisCount: array.shape.count)
          guard case .present = try array.readChunk(index, into: buffer, context: context) else {
            (low, high) = (min(low, 0), max(high, 0))
            continue
          }
          let range = valueRange(UnsafeRawBufferPointer(buffer), type: plan.outputType)
          (low, high) = (min(low, range.lowerBound), max(high, range.upperBound))
        }
      }
      // the floor of what a viewer offers is 0 or below, so that the background can be shown
      (low, high) = low <= high ? (low, high) : (0, 0)
      windows.append(OMEChannel.Window(min: min(0, low), max: high, start: min(0, low), end: high))
    }
    return windows
  }

  /// The smallest and largest element, not counting NaN.
  private static func valueRange(_ bytes: UnsafeRawBufferPointer, type: ElementType) -> ClosedRange<Double> {
    switch type {
    case .uint8: integers(bytes.bindMemory(to: UInt8.self))
    case .uint16: integers(bytes.bindMemory(to: UInt16.self))
    case .uint32: integers(bytes.bindMemory(to: UInt32.self))
    case .uint64: integers(bytes.bindMemory(to: UInt64.self))
    case .int8: integers(bytes.bindMemory(to: Int8.self))
    case .int16: integers(bytes.bindMemory(to: Int16.self))
    case .int32: integers(bytes.bindMemory(to: Int32.self))
    case .int64: integers(bytes.bindMemory(to: Int64.self))
    case .float16: floats(bytes.bindMemory(to: Float16.self))
    case .float32: floats(bytes.bindMemory(to: Float.self))
    case .float64: floats(bytes.bindMemory(to: Double.self))
    }
  }

  private static func integers<T: FixedWidthInteger>(_ values: UnsafeBufferPointer<T>) -> ClosedRange<Double> {
    var (low, high) = (T.max, T.min)
    for value in values { (low, high) = (min(low, value), max(high, value)) }
    return low <= high ? Double(low)...Double(high) : 0...0
  }

  private static func floats<T: BinaryFloatingPoint>(_ values: UnsafeBufferPointer<T>) -> ClosedRange<Double> {
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values where value.isFinite { (low, high) = (min(low, Double(value)), max(high, Double(value))) }
    return low <= high ? low...high : 0...0
  }
}
