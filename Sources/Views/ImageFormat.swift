import Files
import Foundation
import Geometry
import HDF5
import Zarr

/// The image formats that views are read from. A format is a file that opens its images (`OpenedImage+Zarr.swift`) and
/// one that reads their voxels (`ArrayImageSource.swift`);
/// the functions here are the only places that choose.
public enum ImageFormat: String, Sendable, Codable, CaseIterable {
  /// OME-Zarr images and plain Zarr arrays, v2 and v3.
  case zarr
  /// N5 arrays, and groups of levels as BigDataViewer writes them.
  case n5
  /// TIFF and BigTIFF files: ImageJ's, OME-TIFF, and others.
  case tiff
  /// Data sets of HDF5 files, and groups of levels as BigDataViewer writes them.
  case hdf5

  /// By what is there, not by its name. What is nothing known is Zarr, whose reader says what it found.
  static func of(_ path: String) -> ImageFormat {
    if isTIFF(FileBytes.first(4, of: path)) { return .tiff }
    if HDF5ImageFile.isThere(path) { return .hdf5 }
    let isZarr = ["zarr.json", ".zattrs", ".zgroup", ".zarray"].contains { FileStatus.isFile("\(path)/\($0)") }
    return !isZarr && N5ImageFile.isThere(path) ? .n5 : .zarr
  }

  /// By the first bytes of a file: byte order, and 42, or 43 for BigTIFF.
  static func isTIFF(_ bytes: [UInt8]) -> Bool {
    [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]].contains(bytes)
  }
}

extension OpenedImage {
  /// Opens the image of an entry; relative paths start from `folder`.
  static func open(_ entry: DatasetEntry, in folder: String) throws(ViewsError) -> OpenedImage {
    let path = FilePath.absolute(entry.path, in: folder)
    // before it is asked for what it is, which nothing is
    guard access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR) else {
      throw .inputMissing(view: entry.name, path: path)
    }
    let opened =
      switch ImageFormat.of(path) {
      case .zarr: try OpenedImage(zarrOrUnknown: path, entry: entry)
      case .n5: try OpenedImage(n5: path, entry: entry)
      case .tiff: try OpenedImage(tiff: path, entry: entry)
      case .hdf5: try OpenedImage(hdf5: path, entry: entry)
      }
    try opened.checkSize(view: entry.name)
    return opened
  }

  /// A folder of a foreign format has no Zarr metadata.
  private init(zarrOrUnknown path: String, entry: DatasetEntry) throws(ViewsError) {
    do throws(ViewsError) { try self.init(zarr: path, entry: entry) } catch {
      switch error {
      case .formatUnknown, .metadataMissing:
        guard let foreign = ForeignFormat.of(folder: path) ?? ForeignFormat.of(file: path) else { throw error }
        throw .formatForeign(view: entry.name, path: path, format: foreign)
      default: throw error
      }
    }
  }
}

extension View {
  /// Opens the array of a level; nothing of the dataset is read again.
  public func openSource(level: Int) throws(ViewsError) -> any ImageSource {
    switch details.format {
    case .zarr: try ArrayImageSource(view: name, level: levels[level])
    case .n5:
      try ArrayImageSource(view: name, level: levels[level]) { (level) throws(ZarrError) in
        try N5Array.open(level.arrayPath)
      }
    case .tiff: try TIFFImageSource(view: name, level: levels[level])
    case .hdf5:
      try ArrayImageSource(view: name, level: levels[level]) { (level) throws(ZarrError) in
        try HDF5ImageFile.open(HDF5File.open(level.arrayPath), level.dataset ?? "")
      }
    }
  }

  /// Of the image as it is now.
  func currentFingerprint() throws(ViewsError) -> Fingerprint {
    switch details.format {
    case .zarr: return try ZarrImageFile.open(path, view: name, mending: details.mending).fingerprint
    case .n5: return try N5ImageFile.open(path, view: name).fingerprint
    case .tiff:
      do {
        return try TIFFImageFile.open(path, axes: levels[0].axes).fingerprint
      } catch {
        throw ViewsError(error, view: name)
      }
    case .hdf5: return try HDF5ImageFile.open(path, dataset: details.dataset, view: name).fingerprint
    }
  }
}
