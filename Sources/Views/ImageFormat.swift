import Foundation
import Geometry
import Zarr

/// The image formats that views are read from. A format is a file that opens its images (`OpenedImage+Zarr.swift`) and
/// one that reads their voxels (`ZarrImageSource.swift`); the three functions here are the only places that choose.
public enum ImageFormat: String, Sendable, Codable, CaseIterable {
  /// OME-Zarr images and plain Zarr arrays, v2 and v3.
  case zarr

  /// By what is there, not by its name.
  static func of(_ path: String) -> ImageFormat { .zarr }
}

extension OpenedImage {
  /// Opens the image of an entry; relative paths start from `folder`.
  static func open(_ entry: DatasetEntry, in folder: String) throws(ViewsError) -> OpenedImage {
    let path = FilePath.absolute(entry.path, in: folder)
    let opened =
      switch ImageFormat.of(path) {
      case .zarr: try OpenedImage(zarr: path, entry: entry)
      }
    try opened.checkSize(view: entry.name)
    return opened
  }
}

extension View {
  /// Opens the array of a level; nothing of the dataset is read again.
  public func openSource(level: Int) throws(ViewsError) -> any ImageSource {
    switch details.format {
    case .zarr: try ZarrImageSource(view: name, level: levels[level])
    }
  }

  /// Of the image as it is now.
  func currentFingerprint() throws(ViewsError) -> Fingerprint {
    switch details.format {
    case .zarr: try ZarrImageFile.open(path, view: name).fingerprint
    }
  }
}
