import Geometry
import JSON
import Zarr

/// A number that voxels of an image are compared with, or made of. Kept as its JSON text, which holds integers of 64 bits
/// exactly.
public struct StoredNumber: Sendable, Hashable, Codable {
  private let text: String

  /// Nil for what is no number.
  public init?(_ json: JSONValue) {
    switch json {
    case .int, .uint, .double: text = json.text
    default: return nil
    }
  }

  public init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  public var json: JSONValue { (try? JSONValue.parse(text)) ?? .null }

  /// Whether a voxel of the type can have the value, and it is no infinity there.
  public func isFinite(as type: ElementType) -> Bool {
    guard bytes(as: type) != nil else { return false }
    if type.isInteger { return true }
    guard let number = json.double else { return false }
    return switch type {
    case .float16: Half(number).float.isFinite
    case .float32: Float(number).isFinite
    default: number.isFinite
    }
  }

  public var isZero: Bool { json.double == 0 }

  /// The bytes of such a voxel, in the host's order; nil where no voxel of the type can have the value.
  public func bytes(as type: ElementType) -> [UInt8]? { json.isNull ? nil : fillBytes(json, type: type) }
}

extension StoredNumber: CustomStringConvertible {
  public var description: String { text }
}
