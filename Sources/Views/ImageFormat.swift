import Files
import Foundation
import Geometry
import Store
import Zarr

/// An image format by its name in job records, and the list of all that are read.
public struct ImageFormat: RawRepresentable, Sendable, Hashable, Codable {
  /// All formats, in the order in which an image is asked whether it is of one.
  static let readers: [any ImageFormatReader] = [TIFFFormat(), HDF5Format(), ZarrFormat(), N5Format()]

  public let rawValue: String
  let reader: any ImageFormatReader

  init(_ reader: any ImageFormatReader) { (rawValue, self.reader) = (reader.name, reader) }

  /// Nil for a name that no format has.
  public init?(rawValue: String) {
    guard let format = Self.all.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = format
  }

  public static let all = readers.map { ImageFormat($0) }

  /// The format of what is at a path, by what is there and not by its name; nil for nothing known.
  package static func of(_ path: String) -> ImageFormat? {
    let candidate = ImageCandidate(path)
    return all.first { $0.recognises(candidate) }
  }

  package func recognises(_ candidate: ImageCandidate) -> Bool { reader.recognises(candidate) }
}

extension OpenedImage {
  /// Opens the image of an entry; relative paths start from `folder`.
  static func open(_ entry: DatasetEntry, in folder: String) throws(ViewsError) -> OpenedImage {
    let path = KnownStores.absolute(entry.path, in: folder)
    // before it is asked for what it is, which nothing is
    if Place(path).isMissing { throw .inputMissing(view: entry.name, path: path) }
    let known = ImageFormat.of(path)
    let format = if let known { known } else { try formatReadAgain(of: path, view: entry.name) }
    let opened = try format.reader.open(path, entry: entry)
    try opened.checkSize(view: entry.name)
    return opened
  }

  /// The format of what seems to be of none, as what cannot be read does: then that is an error.
  private static func formatReadAgain(of path: String, view: String) throws(ViewsError) -> ImageFormat {
    let place = Place(path)
    do throws(StorageError) {
      if !place.isFolder, let object = try place.open() {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
        defer { bytes.deallocate() }
        _ = try object.read(at: 0, into: bytes)
      }
    } catch {
      guard error.isTransient else { return .zarr }
      throw .unreadable(view: view, why: .storage(error))
    }
    // the reader of Zarr says what it found instead
    return ImageFormat.of(path) ?? .zarr
  }

  /// The first of some images; with `skipsMissing` the first that can be opened.
  static func first(of entries: [DatasetEntry], in folder: String, skipsMissing: Bool) throws(ViewsError) -> OpenedImage {
    guard let first = entries.first else {
      throw .choiceInvalid(what: "no view of the dataset is left", hint: "choose others")
    }
    if skipsMissing {
      for entry in entries {
        if let image = try? OpenedImage.open(entry, in: folder) { return image }
      }
    }
    return try OpenedImage.open(first, in: folder)
  }
}

extension View {
  /// Opens the array of a level; nothing of the dataset is read again.
  public func openSource(level: Int) throws(ViewsError) -> any ImageSource {
    try details.format.reader.source(view: name, level: levels[level])
  }
}
