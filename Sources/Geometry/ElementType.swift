/// The type of a voxel as stored in an array. Raw values are the names of Zarr v3.
public enum ElementType: String, CaseIterable, Sendable, Codable {
  case uint8, uint16, uint32, uint64
  case int8, int16, int32, int64
  case float16, float32, float64

  public var byteCount: Int {
    switch self {
    case .uint8, .int8: 1
    case .uint16, .int16, .float16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  public var isInteger: Bool {
    switch self {
    case .float16, .float32, .float64: false
    default: true
    }
  }

  /// Whether every value of another type lies in the range of this one; floating point may round it.
  public func holds(_ other: ElementType) -> Bool {
    switch (self, other) {
    case (.float64, _), (.float32, _): true
    case (.float16, _): other == .float16 || other.byteCount == 1 || other == .int16
    case (_, .float16), (_, .float32), (_, .float64): false
    default:
      isSigned == other.isSigned
        ? byteCount >= other.byteCount : isSigned && byteCount > other.byteCount
    }
  }

  private var isSigned: Bool {
    switch self {
    case .uint8, .uint16, .uint32, .uint64: false
    default: true
    }
  }
}
