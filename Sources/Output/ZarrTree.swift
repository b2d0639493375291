import Files
import Foundation
import JSON
import Store
import Zarr

/// What of a folder is recognised as Zarr, at any depth: only that is ever deleted.
enum ZarrTree {
  private enum Node { case group, array }

  /// The path of something that no Zarr has, or nil: the folder itself where it is no Zarr. Costs a look at each folder,
  /// not at each chunk. Links are not followed.
  ///
  /// - Throws: where a folder or its metadata cannot be read: who knows what is in there.
  static func firstStranger(in folder: Place) throws(StorageError) -> String? {
    let entries = try entries(of: folder)
    guard let node = try node(folder, entries) else { return folder.address }
    for entry in entries where !metadata.contains(entry.name) && !isTemporary(entry.name) {
      let place = folder / entry.name
      switch node {
      case .array:
        guard isChunkName(entry.name) else { return place.address }
        if entry.isFolder, let stranger = try firstStranger(amongChunks: place) { return stranger }
      case .group:
        // bioformats2raw's, with the XML of the file that it came from
        if entry.isFolder, entry.name == "OME" { continue }
        guard entry.isFolder else { return place.address }
        if let stranger = try firstStranger(in: place) { return stranger }
      }
    }
    return nil
  }

  private static func firstStranger(amongChunks folder: Place) throws(StorageError) -> String? {
    for entry in try entries(of: folder) where !isTemporary(entry.name) {
      let place = folder / entry.name
      guard isChunkName(entry.name) else { return place.address }
      if entry.isFolder, let stranger = try firstStranger(amongChunks: place) { return stranger }
    }
    return nil
  }

  private static let metadata: Set<String> = Set(ZarrFileName.all + [ZarrFileName.v2Consolidated])

  private static func node(_ folder: Place, _ entries: [StoreEntry]) throws(StorageError) -> Node? {
    let names = Set(entries.map(\.name))
    if names.contains(ZarrFileName.v2Array) { return .array }
    if names.contains(ZarrFileName.v2Group) { return .group }
    guard names.contains(ZarrFileName.v3) else { return nil }
    let bytes = try (folder / ZarrFileName.v3).bytes(limit: JSONValue.maximumByteCount)
    let json = try? JSONValue.parse(bytes ?? [])
    return json?["node_type"]?.string == "array" ? .array : .group
  }

  private static func isTemporary(_ name: String) -> Bool { name.hasPrefix(".") && name.hasSuffix(".tmp") }

  /// `3`, `0.1.2`, `c`, `c.0.1`
  private static func isChunkName(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return (parts.first.map(String.init) == ZarrFileName.v3Chunks ? parts.dropFirst() : parts[...]).allSatisfy { part in
      !part.isEmpty && part.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }
  }

  private static func entries(of folder: Place) throws(StorageError) -> [StoreEntry] {
    try folder.entries().sorted { $0.name < $1.name }
  }
}
