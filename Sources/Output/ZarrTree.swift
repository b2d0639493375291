import Files
import Foundation
import JSON
import Store
import Zarr

/// What of a folder is one Zarr array, or one image with the arrays of its levels: only that is ever replaced. Labels, tables
/// and further images are not made anew with it, whatever they are stored as.
enum ZarrTree {
  private enum Node { case group, array }

  /// The path of something that is no part of the one array or image, or nil: the folder itself where it is neither. Costs a
  /// look at each folder, not at each chunk. Links are not followed.
  ///
  /// - Throws: where a folder or its metadata cannot be read: who knows what is in there.
  static func firstStranger(in folder: Place) throws -> String? {
    let entries = try entries(of: folder)
    switch try node(folder, entries) {
    case nil: return folder.address
    case .array: return try firstStranger(ofArray: folder, entries)
    case .group: return try firstStranger(ofGroup: folder, entries, arrays: try levelPaths(folder, entries))
    }
  }

  /// - Parameter arrays: the ways from the group to the arrays that may be below.
  private static func firstStranger(ofGroup folder: Place, _ entries: [StoreEntry], arrays: [[String]]) throws -> String? {
    for entry in entries where !isMetadata(entry) {
      let place = folder / entry.name
      let ways = arrays.filter { $0.first == entry.name }.map { Array($0.dropFirst()) }
      guard entry.isFolder, !ways.isEmpty else { return place.address }
      let inner = try Self.entries(of: place)
      switch try node(place, inner) {
      case nil: return place.address
      case .array:
        guard ways.contains([]) else { return place.address }
        if let stranger = try firstStranger(ofArray: place, inner) { return stranger }
      case .group:
        guard ways.contains(where: { !$0.isEmpty }) else { return place.address }
        if let stranger = try firstStranger(ofGroup: place, inner, arrays: ways) { return stranger }
      }
    }
    return nil
  }

  private static func firstStranger(ofArray folder: Place, _ entries: [StoreEntry]) throws(StorageError) -> String? {
    try firstStranger(amongChunks: folder, entries.filter { !isMetadata($0) })
  }

  private static func firstStranger(amongChunks folder: Place, _ entries: [StoreEntry]) throws(StorageError) -> String? {
    for entry in entries {
      let place = folder / entry.name
      guard isChunkName(entry.name) || !entry.isFolder && TemporaryName.target(of: entry.name).map(isChunkName) == true else {
        return place.address
      }
      if entry.isFolder, let stranger = try firstStranger(amongChunks: place, Self.entries(of: place)) { return stranger }
    }
    return nil
  }

  /// The levels of the image that a group is: those of its metadata, or, where it has none as when whoever wrote it was
  /// interrupted, what is called as levels are, `0`, `1`. None where they cannot be told.
  private static func levelPaths(_ group: Place, _ entries: [StoreEntry]) throws -> [[String]] {
    let ome: JSONValue?
    do throws(ZarrError) {
      ome = try readAttributes(ofGroup: group)?.ome
    } catch {
      if case .storage = error { throw error }
      return []
    }
    guard let multiscales = ome?["multiscales"] else {
      return entries.filter { $0.isFolder && $0.name != ZarrFileName.v3Chunks && isChunkName($0.name) }.map { [$0.name] }
    }
    let datasets = (multiscales.array ?? []).flatMap { $0["datasets"]?.array ?? [] }
    return datasets.compactMap { $0["path"]?.string }.map { path in path.split(separator: "/").map(String.init).filter { $0 != "." } }
  }

  private static let metadata: Set<String> = Set(ZarrFileName.all + [ZarrFileName.v2Consolidated])

  /// Metadata, or the temp file of some.
  private static func isMetadata(_ entry: StoreEntry) -> Bool {
    !entry.isFolder && metadata.contains(TemporaryName.target(of: entry.name) ?? entry.name)
  }

  private static func node(_ folder: Place, _ entries: [StoreEntry]) throws(StorageError) -> Node? {
    let names = Set(entries.map(\.name))
    if names.contains(ZarrFileName.v2Array) { return .array }
    if names.contains(ZarrFileName.v2Group) { return .group }
    guard names.contains(ZarrFileName.v3) else { return nil }
    let bytes = try (folder / ZarrFileName.v3).bytes(limit: JSONValue.maximumByteCount)
    let json = try? JSONValue.parse(bytes ?? [])
    return json?["node_type"]?.string == "array" ? .array : .group
  }

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
