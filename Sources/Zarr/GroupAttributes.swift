import Foundation
import JSON

/// The attributes of a Zarr group; nil where `path` is no group. Where both versions are there, v3 is taken.
/// Consolidated metadata are tolerated and not used.
public func readAttributes(
  ofGroup path: String
) throws(ZarrError) -> (zarrFormat: Int, attributes: JSONValue)? {
  let v3Path = path + "/zarr.json"
  if let document = try metadataDocument(v3Path), document["node_type"] == "group" {
    let reader = try MetadataReader(document, path: v3Path)
    try reader.zarrFormat(3)
    try reader.refuseUnknownMembers(known: ["zarr_format", "node_type", "attributes", "consolidated_metadata"])
    let attributes = document["attributes"] ?? .object([:])
    guard attributes.object != nil else { throw reader.invalid("\"attributes\" is \(attributes.kind), not an object") }
    return (3, attributes)
  }
  let v2Path = path + "/.zgroup"
  guard let document = try metadataDocument(v2Path) else { return nil }
  try MetadataReader(document, path: v2Path).zarrFormat(2)
  return (2, try v2Attributes(path))
}

/// `.zattrs` of a v2 group or array, which may be absent.
func v2Attributes(_ folder: String) throws(ZarrError) -> JSONValue {
  let path = folder + "/.zattrs"
  guard let attributes = try metadataDocument(path) else { return .object([:]) }
  guard attributes.object != nil else {
    throw .metadataInvalid(path: path, reason: "it is \(attributes.kind), not an object")
  }
  return attributes
}
