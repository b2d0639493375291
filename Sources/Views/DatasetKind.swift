import Diagnostics
import Files
import Foundation
import JSON
import Store
import Zarr

/// The kinds of dataset that are read, told apart by what is there and not by its name. A kind is a file that makes a
/// `DatasetFile` of it (`DatasetFile+JSON.swift`); only the functions here choose between them.
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
    if Place(path).isFolder {
      guard let group = try ImageFolder.group(path) else {
        // attributes alone, and levels alone, are an image that has lost a file: what is lost is said when it is opened
        return ImageFormat.of(path) != nil || (try? ZarrArray.open(path + "/0")) != nil ? .image : .imageFolder
      }
      if OMEScene.isOne(group) { return .scene }
      return group.ome["multiscales"] != nil ? .image : .imageFolder
    }
    if let format = ForeignFormat.of(file: path) { throw .formatForeign(view: nil, path: path, format: format) }
    if let format = ImageFormat.of(path) {
      guard let (what, hint) = format.reader.problemAlone else { return .image }
      throw .datasetUnsupported(path: path, field: "byte 0", what: what, hint: hint)
    }
    // never the whole of a file that may be an image
    return of(Place(path).firstBytes(1 << 16))
  }

  /// The kind of a text, by its first letter and what follows.
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
  /// Reads a dataset of any kind.
  ///
  /// - Parameter choice: the views that will be opened. A kind that needs an image to place all others takes one of these.
  public static func read(_ path: String, choice: ViewChoice = ViewChoice()) throws(ViewsError) -> DatasetFile {
    let path = KnownStores.absolute(path)
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

  /// The digest of a dataset as it is now, to tell if it was edited: that of `read`, found more cheaply.
  public static func digest(of path: String) throws(ViewsError) -> String {
    let path = KnownStores.absolute(path)
    switch try DatasetKind.of(path) {
    case .json, .bigStitcher, .tileConfiguration, .imageList: return Digest(try bytes(of: path)).text
    case .imageFolder: return try ImageFolder.digest(ImageFolder.candidates(path), in: path)
    case .image: return ImageFolder.digest([path])
    case .scene: return Digest(try bytes(of: path + "/" + ZarrFileName.v3)).text
    }
  }

  static func bytes(of path: String) throws(ViewsError) -> [UInt8] {
    do throws(StorageError) {
      guard let bytes = try Place(path).bytes(limit: JSONValue.maximumByteCount) else {
        throw StorageError.io(step: .open, path: path, errno: ENOENT)
      }
      return bytes
    } catch {
      throw .datasetUnreadable(path: path, why: .storage(error))
    }
  }
}
