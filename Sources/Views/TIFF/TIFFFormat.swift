import Zarr

/// TIFF and BigTIFF files: ImageJ's, OME-TIFF, and others.
struct TIFFFormat: ImageFormatReader {
  let name = "tiff"

  /// Byte order, and 42, or 43 for BigTIFF.
  private static let beginnings: [[UInt8]] = [
    [0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43],
  ]

  func recognises(_ candidate: ImageCandidate) -> Bool {
    Self.beginnings.contains(Array(candidate.firstBytes.prefix(4)))
  }

  func mayBe(_ candidate: ImageCandidate) -> Bool {
    !candidate.isFolder && (candidate.isNamed([".tif", ".tiff"]) || recognises(candidate))
  }

  /// Files of one OME-TIFF of several are one image.
  func content(of candidate: ImageCandidate) -> FolderContent? {
    guard !candidate.isFolder, let file = try? TIFFImageFile.open(candidate.path) else { return nil }
    return .image(files: file.metadata.files.count > 1 ? file.metadata.files : [])
  }

  func open(_ path: String, entry: DatasetEntry) throws(ViewsError) -> OpenedImage {
    try OpenedImage(tiff: path, entry: entry)
  }

  func source(view: String, level: ViewLevel) throws(ViewsError) -> any ImageSource {
    try TIFFImageSource(view: view, level: level)
  }

  func fingerprint(of view: View) throws(ViewsError) -> Fingerprint {
    do {
      return try TIFFImageFile.open(view.path, axes: view.levels[0].axes).fingerprint
    } catch {
      throw ViewsError(error, view: view.name)
    }
  }
}

extension ImageFormat {
  public static let tiff = ImageFormat(TIFFFormat())
}
