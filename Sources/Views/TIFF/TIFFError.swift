import Diagnostics
import Files
import Zarr

/// Everything that can be wrong with a TIFF file, with the place in it and what to do next.
public enum TIFFError: Failure, Equatable, Sendable {
  /// A system call on the file failed.
  case io(StorageError)
  /// The bytes are not what a TIFF file has there. `place` is a directory, plane, tile or strip.
  case damaged(path: String, place: String, reason: String)
  /// A whole file of a kind that is not read.
  case unsupported(path: String, feature: String, advice: String)
  /// The description of the image (OME-XML, ImageJ, …) does not go with the file.
  case metadataInvalid(path: String, reason: String, advice: String)

  public var code: FailureCode {
    switch self {
    case .io(let why): why.code
    case .damaged: .tiffDamaged
    case .unsupported: .formatUnsupported
    case .metadataInvalid: .metadataInvalid
    }
  }

  public var hint: String {
    switch self {
    case .io(let why): why.hint
    case .damaged: "restore the file from its source, or leave the view out of the dataset"
    case .unsupported(_, _, let advice), .metadataInvalid(_, _, let advice): advice
    }
  }

  public var isTransient: Bool {
    if case .io(let why) = self { why.isTransient } else { false }
  }
}

extension TIFFError {
  public var description: String {
    switch self {
    case .io(let why): "\(why)"
    case .damaged(let path, let place, let reason): "\(path) is damaged at \(place): \(reason)"
    case .unsupported(let path, let feature, _): "\(path): \(feature) is not supported"
    case .metadataInvalid(let path, let reason, _): "\(path): \(reason)"
    }
  }
}

extension ViewsError {
  /// The error of the view that a TIFF file belongs to.
  init(_ error: TIFFError, view: String) {
    switch error {
    // an image may be made of several files
    case .io(let why) where why.isMissing: self = .inputMissing(view: view, path: why.path)
    case .io(let why): self = .unreadable(view: view, why: .storage(why))
    default: self = .tiffUnusable(view: view, why: error)
    }
  }
}
