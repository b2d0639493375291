import JSON
import Store

/// The attributes of a Zarr group, and the OME-Zarr metadata among them.
public struct GroupAttributes: Sendable, Hashable {
  /// 2 or 3.
  public let zarrFormat: Int
  /// An object.
  public let attributes: JSONValue

  public init(zarrFormat: Int, attributes: JSONValue) {
    (self.zarrFormat, self.attributes) = (zarrFormat, attributes)
  }

  /// The OME-Zarr metadata: under `ome` from version 0.5 on, beside all other attributes before.
  public var ome: JSONValue { attributes["ome"] ?? attributes }
}

/// The attributes of a Zarr group; nil where `place` is no group. Where both versions are there, v3 is taken.
/// Consolidated metadata are tolerated and not used.
public func readAttributes(ofGroup place: Place) throws(ZarrError) -> GroupAttributes? {
  let v3 = place / ZarrFileName.v3
  if let document = try metadataDocument(v3), document["node_type"] == "group" {
    let reader = try MetadataReader(document, path: v3.address)
    try reader.zarrFormat(3)
    try reader.refuseUnknownMembers(known: ["zarr_format", "node_type", "attributes", "consolidated_metadata"])
    let attributes = document["attributes"] ?? .object([:])
    guard attributes.object != nil else { throw reader.invalid("\"attributes\" is \(attributes.kind), not an object") }
    return GroupAttributes(zarrFormat: 3, attributes: attributes)
  }
  let v2 = place / ZarrFileName.v2Group
  guard let document = try metadataDocument(v2) else { return nil }
  try MetadataReader(document, path: v2.address).zarrFormat(2)
  return GroupAttributes(zarrFormat: 2, attributes: try v2Attributes(place))
}

public func readAttributes(ofGroup path: String) throws(ZarrError) -> GroupAttributes? {
  try readAttributes(ofGroup: Place(path))
}

/// The attributes of a v2 group or array, which may have none.
func v2Attributes(_ folder: Place) throws(ZarrError) -> JSONValue {
  let place = folder / ZarrFileName.v2Attributes
  guard let attributes = try metadataDocument(place) else { return .object([:]) }
  guard attributes.object != nil else {
    throw .metadataInvalid(path: place.address, reason: "it is \(attributes.kind), not an object")
  }
  return attributes
}
