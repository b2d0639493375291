import Store

/// What a folder that should be a Zarr group or array lacks, in words that follow "it": which file is gone, rather than that
/// there is nothing.
package func missingMetadata(_ folder: Place) -> String {
  func has(_ name: String) -> Bool { (folder / name).isThere }
  if !folder.isFolder { return "it is not there" }
  if has(".zattrs"), !has(".zgroup"), !has(".zarray") {
    return "it has attributes (.zattrs) and neither .zgroup nor .zarray, which say of what"
  }
  let inner = ["0", "s0"].first { child in [".zarray", "zarr.json", "attributes.json"].contains { has("\(child)/\($0)") } }
  return "it has no Zarr metadata (zarr.json, .zgroup, .zarray)" + (inner.map { ", but the folder \($0) in it has some" } ?? "")
}

package func missingMetadata(_ folder: String) -> String { missingMetadata(Place(folder)) }
