import Store

/// What a folder that should be a Zarr group or array lacks, in words that follow "it": which file is gone, rather than that
/// there is nothing.
package func missingMetadata(_ folder: Place) -> String {
  func has(_ name: String) -> Bool { (folder / name).isThere }
  if !folder.isFolder { return "it is not there" }
  let (v3, group, array, attributes) = (ZarrFileName.v3, ZarrFileName.v2Group, ZarrFileName.v2Array, ZarrFileName.v2Attributes)
  if has(attributes), !has(group), !has(array) {
    return "it has attributes (\(attributes)) and neither \(group) nor \(array), which say of what"
  }
  let inner = ["0", "s0"].first { child in [array, v3, N5Array.metadataFile].contains { has("\(child)/\($0)") } }
  return "it has no Zarr metadata (\(v3), \(group), \(array))" + (inner.map { ", but the folder \($0) in it has some" } ?? "")
}

package func missingMetadata(_ folder: String) -> String { missingMetadata(Place(folder)) }
