import JSON
import Store

/// The attributes of a Zarr group; nil where `place` is no group. Where both versions are there, v3 is taken.
/// Consolidated metadata are tolerated and not used.
public func readAttributes(
  ofGroup place: Place
) throws(ZarrError) -> (zarrFormat: Int, attributes: JSONValue)? {
  let v3 = place / "zarr.json"
  if let document = try metadataDocument(v3), document["node_type"] == "group" {
    let reader = try MetadataReader(document, path: v3.address)
    try reader.zarrFormat(3)
    try reader.refuseUnknownMembers(known: ["zarr_format", "node_type", "attributes", "consolidated_metadata"])
    let attributes = document["attributes"] ?? .object([:])
    guard attributes.object != nil else { throw reader.invalid("\"attributes\" is \(attributes.kind), not an object") }
    return (3, attributes)
  }
  let v2 = place / ".zgroup"
  guard let document = try metadataDocument(v2) else { return nil }
  try MetadataReader(document, path: v2.address).zarrFormat(2)
  return (2, try v2Attributes(place))
}

public func readAttributes(ofGroup path: String) throws(ZarrError) -> (zarrFormat: Int, attributes: JSONValue)? {
  try readAttributes(ofGroup: Place(path))
}

/// `.zattrs` of a v2 group or array, which may be absent.
func v2Attributes(_ folder: Place) throws(ZarrError) -> JSONValue {
  let place = folder / ".zattrs"
  guard let attributes = try metadataDocument(place) else { return .object([:]) }
  guard attributes.object != nil else {
    throw .metadataInvalid(path: place.address, reason: "it is \(attributes.kind), not an object")
  }
  return attributes
}
