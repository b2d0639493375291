import Files
import Foundation
import HDF5
import Store
import Zarr

/// Image formats that are not read, but whose files look like those of a format that is, so that they would be read as
/// something else. Each is known by its content, and refused by its name.
public enum ForeignFormat: Sendable, Hashable, CaseIterable {
  /// The format that Micro-Manager, Pycro-Manager and Micro-Magellan write: TIFF files, with the places of their planes in a file `NDTiff.index`.
  case ndTiff
  /// `.ims`: HDF5, whose chunks are filled up beyond the end of the image.
  case imaris

  public var name: String {
    switch self {
    case .ndTiff: "NDTiff (Micro-Manager)"
    case .imaris: "Imaris (.ims)"
    }
  }

  var advice: String {
    switch self {
    case .ndTiff: "save it from Micro-Manager as image stack files (OME-TIFF), or convert it to OME-Zarr with the Python package ndtiff"
    case .imaris: "convert it to OME-Zarr with bioformats2raw, or save it as OME-TIFF with Fiji"
    }
  }

  private static let index = "NDTiff.index"

  /// The format of a file that is given as a dataset or lies in a folder; TIFF files are looked at when they are opened.
  static func of(file path: String) -> ForeignFormat? {
    if FilePath.lastComponent(of: path) == index { return .ndTiff }
    guard HDF5File.isThere(path), let file = try? HDF5File.open(path) else { return nil }
    return (try? isImaris(file)) == true ? .imaris : nil
  }

  static func isImaris(_ file: HDF5File) throws(ZarrError) -> Bool {
    let (info, voxels) = (try file.kind("DataSetInfo"), try file.kind("DataSet"))
    return info == .group && voxels == .group
  }

  /// The format of a folder: of the data set, or of one that keeps its resolutions in folders of their own.
  static func of(folder path: String) -> ForeignFormat? {
    ["", "/Full resolution"].contains { Place("\(path)\($0)/\(index)").isObject } ? .ndTiff : nil
  }

  /// Whether a TIFF file is one, by the numbers behind its header, in its first 32 bytes: that of the format and its version.
  /// From version 2 on they follow at once, before behind the places of an index and of settings.
  static func isNDTiff(_ head: [UInt8], at path: String) -> Bool {
    // BigTIFF has the place of its first directory there
    guard head.count == 32, head[2] == 42 || head[3] == 42 else { return false }
    func word(_ at: Int) -> UInt32 {
      let four = head[at..<at + 4]
      return (head[0] == UInt8(ascii: "M") ? Array(four) : four.reversed()).reduce(0) { $0 << 8 | UInt32($1) }
    }
    let (format, stack) = (UInt32(483_729), UInt32(54_773_648))
    if word(8) == format { return (1...255).contains(word(12)) }
    guard word(8) == stack else { return false }
    return word(24) == format || Place(FilePath.folder(of: path) + "/" + index).isObject
  }
}
