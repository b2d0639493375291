import Diagnostics
import Files
import Foundation
import JSON
import Zarr

/// The kinds of dataset that are read, told apart by what is there and not by its name. A kind is a file that makes a
/// `DatasetFile` of it (`DatasetFile+JSON.swift`); the functions here are the only places that choose.
enum DatasetKind: Sendable, CaseIterable {
  /// dataset.json
  case json
  /// The XML of BigStitcher and BigDataViewer.
  case bigStitcher
  /// Fiji's TileConfiguration.txt.
  case tileConfiguration
  /// The paths of images, a line each or as a JSON list.
  case imageList
  /// A folder of images.
  case imageFolder
  /// One image.
  case image
  /// An OME-Zarr 0.6 scene.
  case scene

  static func of(_ path: String) throws(ViewsError) -> DatasetKind {
    if FileStatus.isFolder(path) {
      guard let attributes = try ImageFolder.attributes(path) else {
        // attributes alone, and levels alone, are an image that has lost a file: what is lost is said when it is opened
        return ImageFormat.of(path) == .n5 || [".zarray", "zarr.json", ".zattrs"].contains { FileStatus.isFile("\(path)/\($0)") }
          || (try? ZarrArray.open(path + "/0")) != nil ? .image : .imageFolder
      }
      if OMEScene.isOne(attributes) { return .scene }
      return (attributes["ome"] ?? attributes)["multiscales"] != nil ? .image : .imageFolder
    }
    if let format = ForeignFormat.of(file: path) { throw .formatForeign(view: nil, path: path, format: format) }
    // never the whole of a file that may be an image
    let bytes = FileBytes.first(1 << 16, of: path)
    if ImageFormat.isTIFF(Array(bytes.prefix(4))) { return .image }
    if HDF5ImageFile.isThere(path) {
      throw .datasetUnsupported(
        path: path, field: "byte 0", what: "an HDF5 file by itself",
        hint: "give the XML that belongs to it, or a dataset.json whose views name the file and, as \"dataset\", an image in it")
    }
    return of(bytes)
  }

  /// By the first letter of a file, and what follows.
  private static func of(_ bytes: [UInt8]) -> DatasetKind {
    // after a byte order mark and white space
    guard let start = bytes.firstIndex(where: { $0 > 0x20 && ![0xEF, 0xBB, 0xBF, 0xFE, 0xFF].contains($0) }) else {
      return bytes.contains(0) ? .imageList : .json
    }
    switch bytes[start] {
    case UInt8(ascii: "<"): return .bigStitcher
    case UInt8(ascii: "{"): return .json
    case UInt8(ascii: "["): return .imageList
    default:
      return TileConfiguration.isOne(String(decoding: bytes, as: UTF8.self)[...]) ? .tileConfiguration : .imageList
    }
  }
}

extension DatasetFile {
  /// - Parameter choice: what is to be opened later: of a kind that needs an image to place all others, one of those.
  public static func read(_ path: String, choice: ViewChoice = ViewChoice()) throws(ViewsError) -> DatasetFile {
    let path = FilePath.absolute(path)
    switch try DatasetKind.of(path) {
    case .json: return try DatasetFile(json: bytes(of: path), path: path)
    case .bigStitcher: return try BigStitcherFile.read(bytes(of: path), path: path)
    case .tileConfiguration: return try DatasetFile(tileConfiguration: bytes(of: path), path: path, choice: choice)
    case .imageList: return try DatasetFile(imageList: bytes(of: path), path: path)
    case .imageFolder: return try DatasetFile(imageFolder: path)
    case .image: return DatasetFile(image: path)
    case .scene: return try DatasetFile(scene: path)
    }
  }

  /// The digest of a dataset as it is now, to tell whether it was edited: that of `read`, found more cheaply.
  public static func digest(of path: String) throws(ViewsError) -> String {
    let path = FilePath.absolute(path)
    switch try DatasetKind.of(path) {
    case .json, .bigStitcher, .tileConfiguration, .imageList: return Digest(try bytes(of: path)).text
    case .imageFolder: return try ImageFolder.digest(ImageFolder.candidates(path), in: path)
    case .image: return ImageFolder.digest([path])
    case .scene: return Digest(try bytes(of: path + "/zarr.json")).text
    }
  }

  static func bytes(of path: String) throws(ViewsError) -> [UInt8] {
    do {
      return try FileBytes.read(path, limit: JSONValue.maximumByteCount)
    } catch {
      throw .datasetUnreadable(path: path, why: .storage(error))
    }
  }
}
