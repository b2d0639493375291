import Geometry
import JSON

/// What the metadata of an array say about one of its codecs, and about the elements that it stores.
package struct CodecSettings: Sendable {
  package enum Format: Sendable, CaseIterable {
    case zarrV2, zarrV3, n5, hdf5
  }

  package let format: Format
  /// The codec as messages call it, such as `the filter "delta"`.
  let title: String
  /// The settings of Zarr and N5, by name.
  let members: [String: JSONValue]
  /// The settings of HDF5, by place.
  let values: [UInt32]
  package let elementType: ElementType
  /// The element type as the metadata spell it.
  let typeName: String
  /// The metadata's file, for messages.
  let path: String

  package init(
    format: Format, title: String, members: [String: JSONValue] = [:], values: [UInt32] = [], elementType: ElementType,
    typeName: String? = nil, path: String
  ) {
    (self.format, self.title, self.members, self.values) = (format, title, members, values)
    (self.elementType, self.typeName, self.path) = (elementType, typeName ?? elementType.typeString, path)
  }

  /// The error for settings that are right and cannot be read, such as `from <u4 to <u2`.
  func unsupported(_ what: String) -> ZarrError { .unsupported(path: path, feature: "\(title) \(what)") }
}
