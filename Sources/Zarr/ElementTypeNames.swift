import Geometry

extension ElementType {
  /// NumPy's little-endian type string, which Zarr v2 uses: `<u2`.
  var typeString: String {
    (byteCount == 1 ? "|" : "<") + typeLetter + String(byteCount)
  }

  private var typeLetter: String {
    switch self {
    case .uint8, .uint16, .uint32, .uint64: "u"
    case .int8, .int16, .int32, .int64: "i"
    case .float16, .float32, .float64: "f"
    }
  }

  var isSigned: Bool { typeLetter == "i" }

  /// From NumPy's type string; nil for what is no voxel type. The byte order of single bytes does not matter.
  static func parse(typeString: String) -> (type: ElementType, isBigEndian: Bool)? {
    let letters = Array(typeString)
    guard letters.count == 3, let type = allCases.first(where: { $0.typeString.dropFirst() == String(letters[1...]) })
    else { return nil }
    switch letters[0] {
    case "<": return (type, false)
    case ">": return (type, type.byteCount > 1)
    case "|" where type.byteCount == 1: return (type, false)
    default: return nil
    }
  }
}

/// Whether this machine stores the most significant byte first.
package let hostIsBigEndian = 1.littleEndian != 1
