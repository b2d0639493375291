import CKernels
import Geometry

/// The step from computed values to stored voxels: rescaled, rounded, saturated. NaN becomes the background, -0 becomes 0.
struct OutputConversion: Sendable {
  let type: ElementType
  let rounding: RoundingMode
  let range: IntensityRange?
  /// The bytes of a voxel without a value; nil: all of them are 0.
  var background: [UInt8]?

  /// Writes `count` values; rescales them in place first if a range is set. Voxels without a value do not come this way:
  /// they are background whatever the range.
  func store<S: RowArithmetic>(_ row: UnsafeMutablePointer<S>, count: Int, to target: UnsafeMutableRawPointer) {
    if let range {
      let lower = S(range.lower)
      let width = S(range.upper) - lower
      let top = S(type.largestInteger)
      if width.isFinite && width != 0 {
        for i in 0..<count { row[i] = (row[i] - lower) / width * top }
      } else {
        // a range that this precision cannot hold, or in which its ends are as one
        let scale = type.largestInteger / (range.upper - range.lower)
        for i in 0..<count { row[i] = S((Double(row[i]) - range.lower) * scale) }
      }
    }
    S.store(row, count: count, to: target, self)
  }

  /// Writes voxels without a value.
  func storeBackground(count: Int, to target: UnsafeMutableRawPointer) {
    guard let background else {
      target.initializeMemory(as: UInt8.self, repeating: 0, count: count * type.byteCount)
      return
    }
    background.withUnsafeBytes { voxel in
      guard let from = voxel.baseAddress else { return }
      for i in 0..<count { (target + i * voxel.count).copyMemory(from: from, byteCount: voxel.count) }
    }
  }

  /// Writes a row in which NaN is no value, also if a rescale would make something else of a 0.
  func storeMarked<S: RowArithmetic>(_ row: UnsafeMutablePointer<S>, count: Int, to target: UnsafeMutableRawPointer) {
    var missing: [Int] = []
    if range != nil || background != nil {
      for i in 0..<count where row[i] != row[i] { missing.append(i) }
    }
    store(row, count: count, to: target)
    let bytes = type.byteCount
    for i in missing { storeBackground(count: 1, to: target + i * bytes) }
  }

  /// Writes an integer, saturated to the range of an integer type, as it is.
  func store(_ integer: Int128, to target: UnsafeMutableRawPointer) {
    switch type {
    case .uint8: target.storeBytes(of: UInt8(clamping: integer), as: UInt8.self)
    case .int8: target.storeBytes(of: Int8(clamping: integer), as: Int8.self)
    case .uint16: target.storeBytes(of: UInt16(clamping: integer), as: UInt16.self)
    case .int16: target.storeBytes(of: Int16(clamping: integer), as: Int16.self)
    case .uint32: target.storeBytes(of: UInt32(clamping: integer), as: UInt32.self)
    case .int32: target.storeBytes(of: Int32(clamping: integer), as: Int32.self)
    case .uint64: target.storeBytes(of: UInt64(clamping: integer), as: UInt64.self)
    case .int64: target.storeBytes(of: Int64(clamping: integer), as: Int64.self)
    case .float16, .float32, .float64: break
    }
  }
}

extension ElementType {
  /// The largest value of an integer type, as a double (2^64 and 2^63 for the widest, which saturate).
  var largestInteger: Double {
    switch self {
    case .uint8: 255
    case .int8: 127
    case .uint16: 65535
    case .int16: 32767
    case .uint32: 4_294_967_295
    case .int32: 2_147_483_647
    case .uint64: 0x1p64
    case .int64: 0x1p63
    case .float16, .float32, .float64: 0
    }
  }

  var smallestInteger: Double {
    switch self {
    case .int8: -128
    case .int16: -32768
    case .int32: -2_147_483_648
    case .int64: -0x1p63
    default: 0
    }
  }
}
