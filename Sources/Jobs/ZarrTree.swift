import Foundation
import Zarr

/// What of a folder is recognised as Zarr, at any depth: only that is ever deleted.
enum ZarrTree {
  private struct Entry {
    let name: String
    let isFolder: Bool
  }

  private enum Node { case group, array }

  /// The path of something that no Zarr has, or nil: the folder itself where it is no Zarr. Costs a look at each folder,
  /// not at each chunk. Links are not followed.
  static func firstStranger(in folder: String) -> String? {
    let entries = entries(of: folder)
    guard let node = node(folder, entries) else { return folder }
    for entry in entries where !metadata.contains(entry.name) && !isTemporary(entry.name) {
      let path = "\(folder)/\(entry.name)"
      switch node {
      case .array:
        guard isChunkName(entry.name) else { return path }
        if entry.isFolder, let stranger = firstStranger(amongChunks: path) { return stranger }
      case .group:
        // bioformats2raw's, with the XML of the file that it came from
        if entry.isFolder, entry.name == "OME" { continue }
        guard entry.isFolder else { return path }
        if let stranger = firstStranger(in: path) { return stranger }
      }
    }
    return nil
  }

  private static func firstStranger(amongChunks folder: String) -> String? {
    for entry in entries(of: folder) where !isTemporary(entry.name) {
      let path = "\(folder)/\(entry.name)"
      guard isChunkName(entry.name) else { return path }
      if entry.isFolder, let stranger = firstStranger(amongChunks: path) { return stranger }
    }
    return nil
  }

  private static let metadata: Set<String> = [".zgroup", ".zattrs", ".zarray", ".zmetadata", "zarr.json"]

  private static func node(_ folder: String, _ entries: [Entry]) -> Node? {
    let names = Set(entries.map(\.name))
    if names.contains(".zarray") { return .array }
    if names.contains(".zgroup") { return .group }
    guard names.contains("zarr.json") else { return nil }
    let json = FileManager.default.contents(atPath: folder + "/zarr.json").flatMap { try? JSONValue.parse($0) }
    return json?["node_type"]?.string == "array" ? .array : .group
  }

  private static func isTemporary(_ name: String) -> Bool { name.hasPrefix(".") && name.hasSuffix(".tmp") }

  /// `3`, `0.1.2`, `c`, `c.0.1`
  private static func isChunkName(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return (parts.first == "c" ? parts.dropFirst() : parts[...]).allSatisfy { part in
      !part.isEmpty && part.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }
  }

  private static func entries(of folder: String) -> [Entry] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var entries: [Entry] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name == "." || name == ".." { continue }
      var isFolder = Int(entry.pointee.d_type) == Int(DT_DIR)
      if Int(entry.pointee.d_type) == Int(DT_UNKNOWN) {
        var status = stat()
        isFolder = lstat("\(folder)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      }
      entries.append(Entry(name: name, isFolder: isFolder))
    }
    return entries.sorted { $0.name < $1.name }
  }
}
