import Files
import Store

/// The file of a chunk, relative to the array's folder.
struct ChunkKeys: Sendable, Hashable {
  /// Keys start with `c` and the separator (v3's default), or with the first index (v2's).
  var hasPrefix: Bool
  /// `/` or `.`.
  var separator: Character

  func key(_ index: [Int]) -> String {
    var key = hasPrefix ? ZarrFileName.v3Chunks : ""
    for (axis, i) in index.enumerated() {
      if hasPrefix || axis > 0 { key.append(separator) }
      key += String(i)
    }
    return key
  }

  /// The separator of a v2 array whose metadata have no `dimension_separator`, by the names in its folder.
  ///
  /// By the letter it is `.`. But before there was that key, zarr-python's nested stores wrote chunks into folders
  /// (`0/0/0`) and did not say so; read by the letter, every chunk of theirs would be missing, and so the fill value.
  static func unwrittenSeparator(in folder: Place, axisCount: Int) throws(ZarrError) -> Character {
    // a single index has none
    guard axisCount > 1 else { return "." }
    var (isFlat, isNested) = (false, false)
    try onStorage { () throws(StorageError) in
      try folder.list { entry in
        let parts = entry.name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.allSatisfy({ part in !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) } }) else { return true }
        isFlat = parts.count == axisCount
        if parts.count == 1 && !isNested { isNested = (folder / entry.name).isFolder }
        // one decides, so a folder of a million chunks costs no more than one of few
        return !isFlat
      }
    }
    return isNested && !isFlat ? "/" : "."
  }

  var summary: String { (hasPrefix ? "default" : "v2") + String(separator) }
}
