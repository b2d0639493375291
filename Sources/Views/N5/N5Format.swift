import Zarr

/// N5 arrays, and groups of levels as BigDataViewer writes them. They cannot say where they are, so a folder of them is no
/// dataset.
struct N5Format: ImageFormatReader {
  let name = "n5"

  func recognises(_ candidate: ImageCandidate) -> Bool {
    candidate.has(N5Array.metadataFile) || candidate.has("s0/" + N5Array.metadataFile)
  }

  func open(_ path: String, entry: DatasetEntry) throws(ViewsError) -> OpenedImage {
    try OpenedImage.refuseDataset(entry, path: path)
    let file = try N5ImageFile.open(path, view: entry.name)
    return try OpenedImage(unplaced: file.levels, format: .n5, path: path, entry: entry, fingerprint: file.fingerprint)
  }

  func source(view: String, level: ViewLevel) throws(ViewsError) -> any ImageSource {
    try ArrayImageSource(view: view, level: level) { (level) throws(ZarrError) in try N5Array.open(level.arrayPath) }
  }

  func fingerprint(of view: View) throws(ViewsError) -> Fingerprint {
    try N5ImageFile.open(view.path, view: view.name).fingerprint
  }
}

extension ImageFormat {
  public static let n5 = ImageFormat(N5Format())
}
