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
}
