import Foundation

/// A folder for one test, which removes it when it is done.
package struct TemporaryFolder {
  package let path: String

  package init() throws {
    path = FileManager.default.temporaryDirectory.path + "/zarr-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  package func copy(_ source: String) throws -> String {
    let target = path + "/" + UUID().uuidString
    try FileManager.default.copyItem(atPath: source, toPath: target)
    return target
  }

  package func write(_ text: String, to name: String) throws {
    try write(Array(text.utf8), to: name)
  }

  package func write(_ bytes: [UInt8], to name: String) throws {
    let target = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: target))
  }

  /// All files below, relative, sorted.
  package var files: [String] {
    let all = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    var isFolder: ObjCBool = false
    return all.filter {
      FileManager.default.fileExists(atPath: path + "/" + $0, isDirectory: &isFolder) && !isFolder.boolValue
    }
    .sorted()
  }

  package func remove() { try? FileManager.default.removeItem(atPath: path) }
}

package func fileBytes(_ path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

package func change(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
  var bytes = try fileBytes(path)
  body(&bytes)
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}
