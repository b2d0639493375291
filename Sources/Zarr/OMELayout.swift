import Files
import Foundation
import JSON
import Store

/// The images that the metadata of a folder list: of what bioformats2raw writes, of a plate, of a well.
public struct OMELayout: Sendable, Equatable {
  /// Absolute paths. The images of wells that were never written are left out; any other is there or is missed when it is opened.
  public private(set) var images: [String] = []
  /// The folders of all wells that a plate lists.
  public private(set) var wells: [String] = []
  /// The wells without a single file, or with the metadata of an empty group only, as a plate has them that was not imaged to its end.
  public private(set) var unwrittenWells: [String] = []

  /// Nil if a folder has no such metadata, or is an image itself.
  public init?(_ path: String) throws(ZarrError) { try self.init(Place(path)) }

  public init?(_ place: Place) throws(ZarrError) {
    guard let group = try readAttributes(ofGroup: place) else { return nil }
    let ome = group.ome
    if ome["multiscales"] != nil { return nil }
    if let plate = ome["plate"] {
      try addWells(of: plate, at: place)
    } else if let well = ome["well"] {
      try addImages(of: well, at: place)
    } else if ome["bioformats2raw.layout"] != nil {
      images = try Self.series(at: place)
    } else {
      return nil
    }
  }

  /// The images that the `OME` group lists, else 0, 1, …
  private static func series(at place: Place) throws(ZarrError) -> [String] {
    var images: [String] = []
    if let group = try readAttributes(ofGroup: place / "OME"), let series = group.ome["series"]?.array {
      for entry in series {
        guard let name = entry.string else { throw .invalidOME((place / "OME").address, "\"series\" has an entry that is no path") }
        images.append((place / (try omeRelativePath(name, in: place.address))).address)
      }
      return images
    }
    while try readAttributes(ofGroup: place / "\(images.count)") != nil {
      images.append((place / "\(images.count)").address)
    }
    return images
  }

  private mutating func addWells(of plate: JSONValue, at place: Place) throws(ZarrError) {
    for entry in plate["wells"]?.array ?? [] {
      guard let name = entry["path"]?.string else { throw .invalidOME(place.address, "a well of the plate has no \"path\"") }
      let folder = place / (try omeRelativePath(name, in: place.address))
      wells.append(folder.address)
      let group = try readAttributes(ofGroup: folder)
      if let well = group?.ome["well"] {
        try addImages(of: well, at: folder)
        continue
      }
      guard try Self.hasNoFile(folder, but: [ZarrFileName.v3, ZarrFileName.v2Group, ZarrFileName.v2Attributes]) else {
        let lack = group == nil ? missingMetadata(folder) : "its attributes have no \"well\""
        throw .metadataInvalid(
          path: folder.address, reason: "the plate lists it as the well \"\(name)\", but \(lack)",
          advice: "restore the well from its source, or remove its folder to leave it out")
      }
      unwrittenWells.append(folder.address)
    }
  }

  private mutating func addImages(of well: JSONValue, at folder: Place) throws(ZarrError) {
    guard let list = well["images"]?.array else { throw .invalidOME(folder.address, "\"well\" has no list \"images\"") }
    for image in list {
      guard let name = image["path"]?.string else { throw .invalidOME(folder.address, "an image has no \"path\"") }
      images.append((folder / (try omeRelativePath(name, in: folder.address))).address)
    }
  }

  /// Whether there is no folder, or only folders in it: hidden files, such as those of file managers, do not count unless
  /// they are of Zarr.
  ///
  /// - Parameter group: names of files that may be there.
  private static func hasNoFile(_ folder: Place, but group: [String] = []) throws(ZarrError) -> Bool {
    let entries: [StoreEntry]
    do throws(StorageError) { entries = try folder.entries() } catch {
      guard error.systemNumber == ENOENT else { throw .storage(error) }
      return true
    }
    for entry in entries where !group.contains(entry.name) {
      let isHidden = entry.name.hasPrefix(".") && !entry.name.hasPrefix(".z")
      guard !isHidden else { continue }
      guard entry.isFolder, try hasNoFile(folder / entry.name) else { return false }
    }
    return true
  }
}
