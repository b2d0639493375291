import Files
import Store
import Zarr

/// One image format: how its images are told from others, opened and read.
///
/// A new one is a type of this kind in a folder of its own, a line in `ImageFormat.readers`, a test and a line in the docs.
protocol ImageFormatReader: Sendable {
  /// The name that job records have for the format; never changed.
  var name: String { get }

  /// Whether an image is of this format, by what is there and not by its name.
  func recognises(_ candidate: ImageCandidate) -> Bool

  /// Why a file of this format is no dataset by itself, and what to give instead; nil: it is one image.
  var problemAlone: (what: String, hint: String)? { get }

  /// Whether an entry of a folder of images may be one of this format. One that was cut short or has lost its metadata
  /// counts by its name, so that it is told and not left out.
  func mayBe(_ candidate: ImageCandidate) -> Bool

  /// The content of an entry of a folder of images; nil if this format cannot tell.
  func content(of candidate: ImageCandidate) -> FolderContent?

  /// The image at an absolute path, placed as the dataset and its own metadata say.
  func open(_ path: String, entry: DatasetEntry) throws(ViewsError) -> OpenedImage

  /// The voxels of a level. Nothing of the dataset is read again, and an array that is not what was recorded is an error.
  func source(view: String, level: ViewLevel) throws(ViewsError) -> any ImageSource

  /// The fingerprint of a view's image as it is now.
  func fingerprint(of view: View) throws(ViewsError) -> Fingerprint
}

extension ImageFormatReader {
  var problemAlone: (what: String, hint: String)? { nil }
  func mayBe(_ candidate: ImageCandidate) -> Bool { false }
  func content(of candidate: ImageCandidate) -> FolderContent? { nil }
}

/// The content of an entry of a folder of images.
enum FolderContent: Sendable {
  case other
  /// An image; `files` are those that make it up, if it has several; they are no images of their own.
  case image(files: [String])
}

/// A path that may be an image, looked at no further than a format asks, and only once.
package final class ImageCandidate {
  let path: String
  private let place: Place
  private(set) lazy var isFolder = place.isFolder
  /// The first bytes of a file; fewer where it has no more, none of a folder.
  private(set) lazy var firstBytes = place.firstBytes(8)

  package init(_ path: String) { (self.path, place) = (path, Place(path)) }

  /// Whether a folder has a file of that name.
  func has(_ file: String) -> Bool { (place / file).isObject }

  /// Whether the name has one of these endings, in small or capital letters.
  func isNamed(_ endings: [String]) -> Bool {
    let name = path.lowercased()
    return endings.contains { name.hasSuffix($0) }
  }
}
