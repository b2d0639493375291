import Foundation
import Geometry
import Zarr

/// The image formats that views are read from. A format is a file that opens its images (`OpenedImage+Zarr.swift`) and
/// one that reads their voxels (`ArrayImageSource.swift`);
/// the functions here are the only places that choose.
public enum ImageFormat: String, Sendable, Codable, CaseIterable {
  /// OME-Zarr images and plain Zarr arrays, v2 and v3.
  case zarr
  /// N5 arrays, and groups of levels as BigDataViewer writes them.
  case n5

  /// By what is there, not by its name. What is nothing known is Zarr, whose reader says what it found.
  static func of(_ path: String) -> ImageFormat {
    let isZarr = ["zarr.json", ".zattrs", ".zgroup", ".zarray"].contains { FileBytes.isFile("\(path)/\($0)") }
    return !isZarr && N5ImageFile.isThere(path) ? .n5 : .zarr
  }
}

extension OpenedImage {
  /// Opens the image of an entry; relative paths start from `folder`.
  static func open(_ entry: DatasetEntry, in folder: String) throws(ViewsError) -> OpenedImage {
    let path = FilePath.absolute(entry.path, in: folder)
    let opened =
      switch ImageFormat.of(path) {
      case .zarr: try OpenedImage(zarr: path, entry: entry)
      case .n5: try OpenedImage(n5: path, entry: entry)
      }
    try opened.checkSize(view: entry.name)
    return opened
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
    }
  }

  /// Of the image as it is now.
  func currentFingerprint() throws(ViewsError) -> Fingerprint {
    switch details.format {
    case .zarr: try ZarrImageFile.open(path, view: name).fingerprint
    case .n5: try N5ImageFile.open(path, view: name).fingerprint
    }
  }
}
