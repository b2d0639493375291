/// The file of a chunk, relative to the array's folder.
struct ChunkKeys: Sendable, Hashable {
  /// Keys start with `c` and the separator (v3's default), or with the first index (v2's).
  var hasPrefix: Bool
  /// `/` or `.`.
  var separator: Character

  func key(_ index: [Int]) -> String {
    var key = hasPrefix ? "c" : ""
    for (axis, i) in index.enumerated() {
      if hasPrefix || axis > 0 { key.append(separator) }
      key += String(i)
    }
    return key
  }

  var summary: String { (hasPrefix ? "default" : "v2") + String(separator) }
}
