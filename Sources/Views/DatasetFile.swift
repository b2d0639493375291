import Files
import Foundation
import Geometry
import Store
import Zarr

/// A dataset before its images are looked at, whichever kind of file it came from (`DatasetKind`).
public struct DatasetFile: Sendable {
  /// The absolute path that the file has, or will have. Relative paths of entries start from its folder.
  public let path: String
  public var entries: [DatasetEntry]
  /// The digest of the bytes that were read; empty if it was not read from a file.
  public let digest: String
  /// The names of the output's channels; nil if they are those of the first view that has all.
  public var channels: [String]?
  /// The least number of time points of the output; nil if it has as many as the views.
  public var timeCount: Int?
  public var boundingBoxes: [String: BoundingBox]
  /// The unit of the transforms, and of all lengths beside the images' own.
  public var worldUnit = WorldUnit.micrometre
  /// A note on the unit, as long as no other is given.
  var worldUnitNote: String?
  /// Notes on what was left out, or on units. They are not written to a file.
  public var notes: [String]
  /// Whether nothing but the images' own metadata says where they are.
  var isPlacedByImages = false
  /// Whether the views are the fields of a plate, each in the folder of its well.
  var isPlate = false
  /// The folder whose content the views are, so that an output in it would become one of them.
  public internal(set) var listedFolder: String?
  /// Names of files in that folder that are datasets themselves.
  var otherDatasets: [String] = []
  /// Voxels along z, y, x that the file says an entry's image has, by its place in `entries`.
  package var expectedShapes: [Int: Index3] = [:]
  /// The side from which an entry's image was taken (angle, illumination), by its place in `entries`. Views of different
  /// sides are at one place on purpose.
  package var sides: [Int: String] = [:]
  /// Entries whose images were needed to place them, and could not be opened.
  var failures: [Int: ViewsError] = [:]
  /// The least number of channels of the output, if no names say so.
  package var leastChannelCount = 0

  public init(
    path: String, entries: [DatasetEntry], digest: String = "", channels: [String]? = nil, timeCount: Int? = nil,
    boundingBoxes: [String: BoundingBox] = [:], notes: [String] = []
  ) {
    (self.path, self.entries, self.digest) = (KnownStores.absolute(path), entries, digest)
    (self.channels, self.timeCount) = (channels, timeCount)
    (self.boundingBoxes, self.notes) = (boundingBoxes, notes)
  }

  public var folder: String { FilePath.folder(of: path) }

  /// The same views, as a file at another place: relative paths are changed to lead to the same images.
  public func moved(to newPath: String) -> DatasetFile {
    let newPath = KnownStores.absolute(newPath)
    let newFolder = FilePath.folder(of: newPath)
    // what could not be placed has no place there either
    let moved = keeping(entries.indices.filter { failures[$0] == nil }).entries.map { entry in
      var entry = entry
      func moved(_ path: String) -> String { FilePath.relative(KnownStores.absolute(path, in: folder), to: newFolder) }
      func moved(_ place: CorrectionPlace) -> CorrectionPlace { CorrectionPlace(path: moved(place.path), dataset: place.dataset) }
      entry.path = moved(entry.path)
      (entry.flatFields, entry.darkFields) = (entry.flatFields?.map(moved), entry.darkFields?.map(moved))
      entry.coefficients = entry.coefficients.map(moved)
      return entry
    }
    var file = DatasetFile(
      path: newPath, entries: moved, channels: channels, timeCount: timeCount, boundingBoxes: boundingBoxes,
      notes: notes)
    (file.worldUnit, file.worldUnitNote) = (worldUnit, worldUnitNote)
    return file
  }

  /// Throws if two views have one name.
  func checkNames() throws(ViewsError) {
    var names = Set<String>(minimumCapacity: entries.count)
    for entry in entries where !names.insert(entry.name).inserted {
      throw .duplicateName(path: path, name: entry.name)
    }
  }
}
