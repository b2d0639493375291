import JSON
import Zarr

/// OME-Zarr images and plain Zarr arrays, v2 and v3.
struct ZarrFormat: ImageFormatReader {
  let name = "zarr"

  func recognises(_ candidate: ImageCandidate) -> Bool { ZarrFileName.all.contains(where: candidate.has) }

  func mayBe(_ candidate: ImageCandidate) -> Bool {
    candidate.isFolder && (candidate.isNamed([".zarr"]) || recognises(candidate))
  }

  /// An array alone cannot be placed, and that is said when it is opened; so is what is wrong with a folder.
  func content(of candidate: ImageCandidate) -> FolderContent? {
    guard candidate.isFolder else { return nil }
    guard let group = try? ImageFolder.group(candidate.path) else { return .image(files: []) }
    return group.ome["multiscales"] == nil ? .other : .image(files: [])
  }

  /// A folder of a foreign format has no Zarr metadata.
  func open(_ path: String, entry: DatasetEntry) throws(ViewsError) -> OpenedImage {
    do throws(ViewsError) { return try OpenedImage(zarr: path, entry: entry) } catch {
      switch error {
      case .formatUnknown, .metadataMissing:
        guard let foreign = ForeignFormat.of(folder: path) ?? ForeignFormat.of(file: path) else { throw error }
        throw .formatForeign(view: entry.name, path: path, format: foreign)
      default: throw error
      }
    }
  }

  func source(view: String, level: ViewLevel) throws(ViewsError) -> any ImageSource {
    try ArrayImageSource(view: view, level: level)
  }

  func fingerprint(of view: View) throws(ViewsError) -> Fingerprint {
    try ZarrImageFile.open(view.path, view: view.name, mending: view.details.mending).fingerprint
  }
}

extension ImageFormat {
  public static let zarr = ImageFormat(ZarrFormat())
}
