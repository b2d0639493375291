import Foundation
import Zarr

/// The kinds of dataset that are read, told apart by what is there and not by its name. A kind is a file that makes a
/// `DatasetFile` of it (`DatasetFile+JSON.swift`); the two functions here are the only places that choose.
enum DatasetKind: Sendable, CaseIterable {
  /// dataset.json
  case json
  /// The XML of BigStitcher and BigDataViewer.
  case bigStitcher
  /// Fiji's TileConfiguration.txt.
  case tileConfiguration

  /// By the first letter of a file, and what follows; what is nothing known is JSON, whose reader says what it found.
  static func of(_ bytes: [UInt8], path: String) -> DatasetKind {
    // after a byte order mark and white space
    let first = bytes.first { $0 > 0x20 && ![0xEF, 0xBB, 0xBF, 0xFE, 0xFF].contains($0) }
    if first == UInt8(ascii: "<") { return .bigStitcher }
    if first == UInt8(ascii: "{") { return .json }
    return TileConfiguration.isOne(String(decoding: bytes.prefix(1 << 16), as: UTF8.self)[...]) ? .tileConfiguration : .json
  }
}

extension DatasetFile {
  public static func read(_ path: String) throws(ViewsError) -> DatasetFile {
    let path = FilePath.absolute(path)
    let bytes = try readBytes(path)
    switch DatasetKind.of(bytes, path: path) {
    case .json: return try DatasetFile(json: bytes, path: path)
    case .bigStitcher: return try BigStitcherFile.read(bytes, path: path)
    case .tileConfiguration: return try DatasetFile(tileConfiguration: bytes, path: path)
    }
  }

  /// The digest of a dataset as it is now, to tell whether it was edited: that of `read`, found more cheaply.
  public static func digest(of path: String) throws(ViewsError) -> String {
    FileBytes.digest(try readBytes(FilePath.absolute(path)))
  }

  private static func readBytes(_ path: String) throws(ViewsError) -> [UInt8] {
    do {
      return try FileBytes.read(path, limit: JSONValue.maximumByteCount)
    } catch {
      throw .datasetUnreadable(path: path, why: error)
    }
  }
}
