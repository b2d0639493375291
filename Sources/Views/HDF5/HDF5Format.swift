import HDF5
import Zarr

/// Data sets of HDF5 files, and groups of levels as BigDataViewer writes them.
struct HDF5Format: ImageFormatReader {
  let name = "hdf5"

  func recognises(_ candidate: ImageCandidate) -> Bool { HDF5File.isThere(candidate.path) }

  var problemAlone: (what: String, hint: String)? {
    (
      "an HDF5 file by itself",
      "give the XML that belongs to it, or a dataset.json whose views name the file and, as \"dataset\", an image in it"
    )
  }

  /// Files in HDF5 of a format that is not read, which is said when they are opened; no other says where it is.
  func mayBe(_ candidate: ImageCandidate) -> Bool {
    !candidate.isFolder && candidate.firstBytes == HDF5File.signature && ForeignFormat.of(file: candidate.path) != nil
  }

  func open(_ path: String, entry: DatasetEntry) throws(ViewsError) -> OpenedImage {
    let file = try HDF5ImageFile.open(path, dataset: entry.dataset, view: entry.name)
    return try OpenedImage(
      unplaced: file.levels, format: .hdf5, path: path, dataset: entry.dataset, entry: entry, fingerprint: file.fingerprint)
  }

  func source(view: String, level: ViewLevel) throws(ViewsError) -> any ImageSource {
    try ArrayImageSource(view: view, level: level) { (level) throws(ZarrError) in
      try HDF5ImageFile.open(HDF5File.open(level.arrayPath), level.dataset ?? "")
    }
  }

  func fingerprint(of view: View) throws(ViewsError) -> Fingerprint {
    try HDF5ImageFile.open(view.path, dataset: view.details.dataset, view: view.name).fingerprint
  }
}

extension ImageFormat {
  public static let hdf5 = ImageFormat(HDF5Format())
}
