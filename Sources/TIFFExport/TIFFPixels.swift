import Geometry

/// How a type of voxels is named in OME-XML and in the tags of TIFF.
struct TIFFPixels {
  let omeName: String
  let bitCount: Int
  /// TIFF's SampleFormat.
  let format: Int

  private static let (unsigned, signed, floatingPoint) = (1, 2, 3)

  /// Nil for a type that OME has no name for.
  init?(_ type: ElementType) {
    bitCount = type.byteCount * 8
    switch type {
    case .uint8, .uint16, .uint32: (omeName, format) = (type.rawValue, Self.unsigned)
    case .int8, .int16, .int32: (omeName, format) = (type.rawValue, Self.signed)
    case .float32: (omeName, format) = ("float", Self.floatingPoint)
    case .float64: (omeName, format) = ("double", Self.floatingPoint)
    case .float16, .uint64, .int64: return nil
    }
  }
}
