import Foundation
import Geometry
import JSON

/// Whether metadata that are there mean what a spec writes.
extension ArraySpec {
  /// The file that decides what readers see. v3 keeps the attributes, which are free, in the same.
  public var decidingFile: String { ZarrFileName.array(zarrFormat: zarrFormat) }

  /// Whether the deciding file has the spec's own content, or what former versions and other programs write for the same.
  public func isSaid(by file: Data) -> Bool {
    guard let found = try? JSONValue.parse(file).object else { return false }
    return deciding(found) == metadata.object.map(deciding)
  }

  private func deciding(_ members: [String: JSONValue]) -> [String: JSONValue] {
    var members = members
    members["attributes"] = nil
    // zarr-python adds an empty list when it writes the file anew
    if members["storage_transformers"]?.array?.isEmpty == true { members["storage_transformers"] = nil }
    if zarrFormat == 3, elementType.byteCount == 1, let codecs = members["codecs"] { members["codecs"] = withoutOrder(codecs) }
    return members
  }

  /// Codecs of one-byte elements without the byte order, which means nothing there and is not always written.
  private func withoutOrder(_ codecs: JSONValue) -> JSONValue {
    guard let list = codecs.array else { return codecs }
    return .array(
      list.map { codec in
        guard var members = codec.object else { return codec }
        switch members["name"] {
        case "bytes": members["configuration"] = nil
        case "sharding_indexed":
          guard var configuration = members["configuration"]?.object, let inner = configuration["codecs"] else { return codec }
          configuration["codecs"] = withoutOrder(inner)
          members["configuration"] = .object(configuration)
        default: break
        }
        return .object(members)
      })
  }
}
