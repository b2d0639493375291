import Foundation

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

  /// The separator of a v2 array whose metadata have no `dimension_separator`, by the names in its folder.
  ///
  /// By the letter it is `.`. But before there was that key, zarr-python's nested stores wrote chunks into folders
  /// (`0/0/0`) and did not say so; read by the letter, every chunk of theirs would be missing, and so the fill value.
  static func unwrittenSeparator(in folder: String, axisCount: Int) throws(ZarrError) -> Character {
    // a single index has none
    guard axisCount > 1 else { return "." }
    guard let listing = opendir(folder) else { throw .io(step: .open, path: folder, errno: errno) }
    defer { closedir(listing) }
    var isNested = false
    while true {
      errno = 0
      guard let entry = readdir(listing) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      guard parts.allSatisfy({ part in !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) } }) else { continue }
      // one decides, so a folder of a million chunks costs no more than one of few
      if parts.count == axisCount { return "." }
      if parts.count == 1 && !isNested { isNested = isFolder(folder + "/" + name) }
    }
    guard errno == 0 else { throw .io(step: .read, path: folder, errno: errno) }
    return isNested ? "/" : "."
  }

  var summary: String { (hasPrefix ? "default" : "v2") + String(separator) }
}
