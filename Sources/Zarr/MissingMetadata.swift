import Foundation

/// What a folder that should be a Zarr group or array lacks, in words that follow "it": which file is gone, rather than that
/// there is nothing.
package func missingMetadata(_ folder: String) -> String {
  func has(_ name: String) -> Bool { access("\(folder)/\(name)", F_OK) == 0 }
  if !has("") { return "it is not there" }
  if has(".zattrs"), !has(".zgroup"), !has(".zarray") {
    return "it has attributes (.zattrs) and neither .zgroup nor .zarray, which say of what"
  }
  let inner = ["0", "s0"].first { child in [".zarray", "zarr.json", "attributes.json"].contains { has("\(child)/\($0)") } }
  return "it has no Zarr metadata (zarr.json, .zgroup, .zarray)" + (inner.map { ", but the folder \($0) in it has some" } ?? "")
}
