import Geometry
import JSON

/// numcodecs' `delta`: each element is stored as its difference to the one before, in the order of the bytes.
///
/// Sums wrap around at the width of the element; decoded elements are in the host's byte order. Float sums run in order
/// at the width of the element, as NumPy's `cumsum` does.
struct Delta: ElementCodec {
  static let names = CodecNames("delta", filterV2: "delta", v3: ["numcodecs.delta"])

  private let elementType: ElementType
  /// The type of the differences: any integer for integers, the same type for floats.
  let storedType: ElementType
  var isStoredBigEndian: Bool

  init(_ settings: CodecSettings) throws(ZarrError) {
    let type = settings.elementType
    let dtype = settings.members["dtype"]?.string ?? settings.typeName
    let astype = settings.members["astype"]?.string ?? dtype
    guard let decoded = Self.parse(dtype, settings.format), decoded.type == type,
      let stored = Self.parse(astype, settings.format), type != .float16,
      type.isInteger ? stored.type.isInteger : stored.type == type
    else { throw settings.unsupported("from \(dtype) to \(astype) for \(type.rawValue)") }
    // the filter's result is read in the array's own byte order
    guard decoded.isBigEndian == ElementType.parse(typeString: settings.typeName)?.isBigEndian else {
      throw settings.unsupported("for \(dtype) in an array of \(settings.typeName)")
    }
    (elementType, storedType, isStoredBigEndian) = (type, stored.type, stored.isBigEndian)
  }

  /// NumPy's type string. Zarr v3 takes its other names too, and leaves the byte order to the codec `bytes`.
  private static func parse(_ name: String, _ format: CodecSettings.Format) -> (type: ElementType, isBigEndian: Bool)? {
    guard format == .zarrV3 else { return ElementType.parse(typeString: name) }
    let type =
      ElementType(rawValue: name) ?? ElementType.allCases.first { [$0.typeString, String($0.typeString.dropFirst())].contains(name) }
    return type.map { ($0, false) }
  }

  var summary: String { "delta \(storedType)\(isStoredBigEndian ? " big" : "")" }

  private var storedByteCount: Int { storedType.byteCount }

  /// `content` holds as many stored differences as `output` elements.
  func decode(_ content: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
    let count = output.count / elementType.byteCount
    precondition(content.count == count * storedByteCount)
    var sum: Int64 = 0
    var float: Float = 0
    var double: Double = 0
    for i in 0..<count {
      let at = i * storedByteCount
      switch elementType {
      case .float32:
        float += Float(bitPattern: UInt32(truncatingIfNeeded: difference(content, at)))
        output.storeBytes(of: float, toByteOffset: i * 4, as: Float.self)
      case .float64:
        double += Double(bitPattern: UInt64(bitPattern: difference(content, at)))
        output.storeBytes(of: double, toByteOffset: i * 8, as: Double.self)
      default:
        sum &+= difference(content, at)
        store(sum, at: i, into: output)
      }
    }
  }

  /// Extended to 64 bits with its own sign.
  private func difference(_ content: UnsafeRawBufferPointer, _ at: Int) -> Int64 {
    switch storedType {
    case .int8: Int64(content.load(fromByteOffset: at, as: Int8.self))
    case .uint8: Int64(content.load(fromByteOffset: at, as: UInt8.self))
    case .int16: Int64(ordered(content.loadUnaligned(fromByteOffset: at, as: Int16.self)))
    case .uint16, .float16: Int64(ordered(content.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
    case .int32: Int64(ordered(content.loadUnaligned(fromByteOffset: at, as: Int32.self)))
    case .uint32, .float32: Int64(ordered(content.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
    case .int64, .uint64, .float64: ordered(content.loadUnaligned(fromByteOffset: at, as: Int64.self))
    }
  }

  private func ordered<Word: FixedWidthInteger>(_ word: Word) -> Word {
    isStoredBigEndian == hostIsBigEndian ? word : word.byteSwapped
  }

  private func store(_ sum: Int64, at i: Int, into output: UnsafeMutableRawBufferPointer) {
    switch elementType.byteCount {
    case 1: output.storeBytes(of: UInt8(truncatingIfNeeded: sum), toByteOffset: i, as: UInt8.self)
    case 2: output.storeBytes(of: UInt16(truncatingIfNeeded: sum), toByteOffset: i * 2, as: UInt16.self)
    case 4: output.storeBytes(of: UInt32(truncatingIfNeeded: sum), toByteOffset: i * 4, as: UInt32.self)
    default: output.storeBytes(of: sum, toByteOffset: i * 8, as: Int64.self)
    }
  }
}
