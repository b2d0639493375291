import Diagnostics
import Files
import Foundation
import Zarr

/// Everything that can be wrong with a dataset or its images, with the view, the file and what to do next.
public enum ViewsError: Failure, Equatable, Sendable {
  /// The dataset file cannot be read.
  case datasetUnreadable(path: String, why: ZarrError)
  /// The dataset file cannot be written.
  case datasetUnwritable(path: String, why: ZarrError)
  /// The dataset file is readable but wrong at `field` (`views[3].path`).
  case datasetInvalid(path: String, field: String, reason: String)
  /// The dataset file is right, but says something that is not read; the hint is what to do instead.
  case datasetUnsupported(path: String, field: String, what: String, hint: String)
  /// The dataset file names an image by what is no path of a local file.
  case pathUnusable(path: String, field: String, what: String, hint: String)
  /// A key that no dataset has; `nearest` is the one that was probably meant.
  case unknownKey(path: String, field: String, key: String, known: [String])
  case noViews(path: String)
  /// A folder that is given as a dataset and has no image in it; `datasets` are files in it that are datasets themselves.
  case folderWithoutImages(path: String, datasets: [String])
  /// A plate, a well or a `bioformats2raw` folder that lists no image which was written.
  case layoutWithoutImages(path: String, unwrittenWells: Int)
  /// Images that nothing places: all say that they are at the same place. `datasets` as above.
  case placesMissing(path: String, count: Int, datasets: [String])
  /// Two of several images that nothing but their metadata places.
  case samePlace(path: String, first: String, second: String)
  /// Fields of different wells of a plate lie on each other; `first` and `second` are the wells' folders.
  case wellsOverlap(path: String, first: String, second: String)
  case duplicateName(path: String, name: String)
  /// Views, time points or channels that are asked for and that the dataset does not have.
  case choiceInvalid(what: String, hint: String)
  /// None of the views that are asked for can be opened.
  case allViewsMissing(path: String, count: Int, first: String)
  /// A file or folder that a view names is not there.
  case inputMissing(view: String, path: String)
  /// A file or folder that is there but in no format that is read.
  case formatUnknown(view: String, path: String, reason: String)
  /// A file or folder of a format that looks like another one; `view` is nil if it is given as a dataset.
  case formatForeign(view: String?, path: String, format: ForeignFormat)
  /// A folder without the files that say what is in it.
  case metadataMissing(view: String, path: String, reason: String)
  /// One path, several images.
  case severalImages(view: String, path: String, images: [String])
  /// The dataset says of a view what does not go with its image.
  case viewInvalid(view: String, field: String, reason: String)
  /// An image whose own metadata contradict each other, or its voxels. Users see no difference from `viewInvalid`.
  case imageInvalid(view: String, field: String, reason: String)
  /// A view that does not go with the first one.
  case mismatch(view: String, field: String, expected: String, found: String)
  /// Reading metadata or voxels of a view.
  case unreadable(view: String, why: ZarrError)
  /// A TIFF file that cannot be used.
  case tiffUnusable(view: String, why: TIFFError)
  /// An image that is not what was recorded when the job was made.
  case inputChanged(view: String, path: String, field: String, recorded: String, found: String)

  /// Stable names, for machines.
  public var code: FailureCode {
    switch self {
    case .datasetUnreadable(_, let why): why.isFileMissing ? .datasetMissing : .datasetUnreadable
    case .datasetUnwritable: .datasetUnwritable
    case .datasetInvalid, .pathUnusable: .datasetInvalid
    case .datasetUnsupported: .datasetUnsupported
    case .unknownKey: .unknownKey
    case .noViews, .folderWithoutImages, .layoutWithoutImages: .datasetEmpty
    case .placesMissing: .placesMissing
    case .samePlace: .samePlace
    case .wellsOverlap: .wellsOverlap
    case .duplicateName: .duplicateView
    case .choiceInvalid: .invalidInput
    case .allViewsMissing: .viewsMissing
    case .inputMissing: .inputMissing
    case .formatUnknown, .metadataMissing: .formatUnknown
    case .formatForeign: .formatUnsupported
    case .severalImages: .severalImages
    case .viewInvalid, .imageInvalid: .viewInvalid
    case .mismatch: .viewMismatch
    case .unreadable(_, let why): why.code
    case .tiffUnusable(_, let why): why.code
    case .inputChanged: .inputChanged
    }
  }

  public var hint: String {
    switch self {
    case .datasetUnreadable(_, let why):
      if case .json = why {
        "correct the file at that place; `python3 -m json.tool FILE` reads it, too"
      } else {
        why.isFileMissing ? "give the path of a dataset: a dataset.json, an XML, a TileConfiguration.txt, a folder of images" : why.hint
      }
    case .datasetUnwritable(_, let why): why.hint
    case .datasetInvalid: "correct the dataset file"
    case .datasetUnsupported(_, _, _, let hint), .pathUnusable(_, _, _, let hint): hint
    case .unknownKey(_, _, let key, let known): nameHint(key, among: known)
    case .noViews: "list at least one view"
    case .folderWithoutImages(let path, let datasets):
      datasets.first.map { "did you mean \(path)/\($0)?" }
        ?? "give a folder with OME-Zarr images or TIFF files directly in it, or a dataset.json"
    case .layoutWithoutImages: "give the folder of a plate or well that has images, or of one image"
    case .placesMissing(let path, _, let datasets):
      datasets.first.map { "did you mean \(path)/\($0)?" }
        ?? "stitch them first, in Fiji (Grid/Collection stitching) or BigStitcher, and give the file that it wrote; or write a dataset.json with "
        + "\"origin\" or \"transforms\" of each, or with \"c\" or \"t\" for channels or time points of one place"
    case .samePlace:
      "list the files of one channel and time point only, or give each its \"c\" or \"t\" in a dataset.json; a dataset.json may have several on one place, too"
    case .wellsOverlap(_, let first, _): "give one well: \(first)"
    case .duplicateName: "give each view a name of its own"
    case .choiceInvalid(_, let hint): hint
    case .allViewsMissing: "check that the disk of the images is mounted"
    case .inputMissing: "check the path (paths are relative to the dataset file), and that its disk is mounted"
    case .formatUnknown: "give an OME-Zarr image (0.4, 0.5, 0.6), a TIFF file, or a Zarr array with axes, spacing and origin"
    case .formatForeign(_, _, let format): format.advice
    case .metadataMissing: "if this is the image, copy it again, with the files whose names begin with a dot; else check the path"
    case .severalImages: "make each image a view of its own"
    case .viewInvalid, .imageInvalid: "correct the view in the dataset file, or the image's metadata"
    case .mismatch: "correct the view, or leave it out of the dataset"
    case .unreadable(_, let why): why.hint
    case .tiffUnusable(_, let why): why.hint
    case .inputChanged: "restore the image, or submit a new job"
    }
  }

  /// Whether trying again, with nothing changed, can help.
  public var isTransient: Bool {
    switch self {
    case .datasetUnreadable(_, let why), .datasetUnwritable(_, let why), .unreadable(_, let why): why.isTransient
    case .tiffUnusable(_, let why): why.isTransient
    default: false
    }
  }

  /// Whether there was nothing where an image, or a part of it, should be.
  package var isAbsence: Bool {
    switch self {
    case .inputMissing: true
    case .unreadable(_, let why): why.isFileMissing
    default: false
    }
  }

  /// The failed work on a file that it comes from, if it does.
  package var storage: StorageError? {
    switch self {
    case .datasetUnreadable(_, .storage(let error)), .unreadable(_, .storage(let error)), .tiffUnusable(_, .io(let error)): error
    default: nil
    }
  }

  /// An input that is wrong is the dataset's fault; one that cannot be read now is nobody's.
  public var exitStatus: ExitStatus { isTransient ? .unexpected : .usage }

  /// The view that is concerned, if it is one.
  public var view: String? {
    switch self {
    case .inputMissing(let view, _), .formatUnknown(let view, _, _), .metadataMissing(let view, _, _), .severalImages(let view, _, _),
      .viewInvalid(let view, _, _), .imageInvalid(let view, _, _), .mismatch(let view, _, _, _), .unreadable(let view, _),
      .tiffUnusable(let view, _), .inputChanged(let view, _, _, _, _):
      view
    case .duplicateName(_, let name): name
    case .formatForeign(let view, _, _): view
    default: nil
    }
  }
}

extension ViewsError {
  public var description: String {
    switch self {
    case .datasetUnreadable(let path, let why):
      why.isFileMissing
        ? why.missingPath.map { $0 == path ? "there is no dataset \(path)" : "\(path): there is nothing at \($0)" }
          ?? "there is no dataset \(path)" : "cannot read the dataset \(path): \(why)"
    case .datasetUnwritable(let path, let why): "cannot write the dataset \(path): \(why)"
    case .datasetInvalid(let path, let field, let reason): "\(path): \(field): \(reason)"
    case .datasetUnsupported(let path, let field, let what, _): "\(path): \(field): \(what) is not read"
    case .pathUnusable(let path, let field, let what, _): "\(path): \(field): \(what)"
    case .unknownKey(let path, let field, let key, _): "\(path): \(field): unknown key \"\(key)\""
    case .noViews(let path): "\(path): the dataset has no views"
    case .folderWithoutImages(let path, _): "\(path): there is no OME-Zarr image and no TIFF file in the folder"
    case .layoutWithoutImages(let path, let unwritten):
      "\(path): the metadata of the folder list no image"
        + (unwritten == 0
          ? ""
          : " but those of \(counted(unwritten, "well that was", "wells that were")) never written")
    case .placesMissing(let path, let count, _):
      "\(path): the \(counted(count, "image")) carry no positions (all are at the same place)"
    case .samePlace(let path, let first, let second):
      "\(path): by their metadata \"\(first)\" and \"\(second)\" are at the same place, where they would be averaged"
    case .wellsOverlap(let path, let first, let second):
      "\(path): the fields of the wells \(FilePath.relative(first, to: path)) and \(FilePath.relative(second, to: path)) lie on each other, since they are placed within their wells"
    case .choiceInvalid(let what, _): what
    case .allViewsMissing(let path, let count, let first):
      "\(path): \(count == 1 ? "the one view cannot be opened" : "none of the \(count.grouped) views can be opened; the first"): \(first)"
    case .duplicateName(let path, let name): "\(path): two views have the name \"\(name)\""
    case .inputMissing(let view, let path): "view \"\(view)\": there is nothing at \(path)"
    case .formatUnknown(let view, let path, let reason): "view \"\(view)\": cannot read \(path): \(reason)"
    case .formatForeign(let view, let path, let format):
      "\(view.map { "view \"\($0)\": " } ?? "")\(path) is \(format.name), which is not read"
    case .metadataMissing(let view, let path, let reason): "view \"\(view)\": cannot read \(path): \(reason)"
    case .severalImages(let view, let path, let images):
      "view \"\(view)\": \(path) holds \(counted(images.count, "image")): \(listed(images))"
    case .viewInvalid(let view, let field, let reason), .imageInvalid(let view, let field, let reason):
      "view \"\(view)\": \(field): \(reason)"
    case .mismatch(let view, let field, let expected, let found):
      "view \"\(view)\": \(field): \(found), but the first view has \(expected)"
    case .unreadable(let view, let why): "view \"\(view)\": \(why)"
    case .tiffUnusable(let view, let why): "view \"\(view)\": \(why)"
    case .inputChanged(let view, let path, let field, let recorded, let found):
      "view \"\(view)\": \(path) has changed: \(field) was \(recorded) and is \(found)"
    }
  }

  /// At most ten of the names, so that a message stays one.
  private func listed(_ names: [String]) -> String {
    nameList(names, limit: 10, isQuoted: false)
  }
}

extension ViewsError {
  /// Whether one image is at fault, since it is not there or cannot be read, and nothing that the dataset says of it. An
  /// error that may pass is neither.
  package var isOfImage: Bool {
    if isTransient { return false }
    return switch self {
    case .inputMissing, .formatUnknown, .metadataMissing, .unreadable, .tiffUnusable, .imageInvalid: true
    default: false
    }
  }
}

extension ZarrError {
  var isFileMissing: Bool {
    switch self {
    case .storage(let error): error.isMissing
    case .arrayMissing: true
    default: false
    }
  }

  /// The path that is missing, if one is.
  var missingPath: String? {
    switch self {
    case .storage(let error): isFileMissing ? error.path : nil
    case .arrayMissing(let path): path
    default: nil
    }
  }
}
