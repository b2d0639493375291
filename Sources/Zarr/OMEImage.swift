import Geometry
import JSON
import Store

/// The metadata of an OME-Zarr image (0.4, 0.5, 0.6): its axes, its levels and the places of their voxels.
///
/// Lengths are micrometres whatever unit the file uses; time keeps its own unit, which is recorded. Reading is as
/// strict as it takes never to misplace a tile, and lenient with differences between writers that have no consequence.
public struct OMEImage: Sendable, Hashable {
  public let path: String
  /// The version string as written; "0.4" if a Zarr v2 image does not say.
  public let version: String
  public let name: String?
  /// The axes in the order of the arrays' dimensions: a subset of `t c z y x` in that order, with y and x.
  public let axes: [OMEAxis]
  /// The levels from finest to coarsest; never empty.
  public let levels: [OMELevel]
  /// The channels, if the metadata have them.
  public let channels: [OMEChannel]?
  /// The unit of the time axis (`second`), if it has one.
  public let timeUnit: String?
  /// The version of Zarr, 2 or 3.
  public let zarrFormat: Int
  /// Coordinate systems (0.6) that transformations of the multiscale lead to. Places here are those in the levels' own
  /// system, before these transformations, which are for scenes to follow.
  public let furtherSystems: [String]
  /// Whether there are coarser levels that the metadata do not place, beside a finest one that is mended.
  public let leavesOutLevels: Bool
}

/// One axis of an image.
public struct OMEAxis: Sendable, Hashable {
  public let axis: Axis
  /// The name as written.
  public let name: String
  public let type: String?
  public let unit: String?
  /// Whether numbers along it are lengths or times as the metadata have them; else a dataset must say what they are.
  public let isMeasured: Bool
}

/// One resolution level: voxel `i` sits at `translation + scale * i` along each axis, in micrometres along z, y and x
/// and in the time axis's own unit along t. Transformations of dataset and multiscale are combined.
public struct OMELevel: Sendable, Hashable {
  /// The array, relative to the group; never leaves it.
  public let path: String
  public let scale: [Double]
  public let translation: [Double]
  /// Whether the level itself has a translation; if not, it is 0.
  public let hasTranslation: Bool

  package init(path: String, scale: [Double], translation: [Double], hasTranslation: Bool = true) {
    (self.path, self.scale, self.translation, self.hasTranslation) = (path, scale, translation, hasTranslation)
  }
}

extension OMEImage {
  /// The image whose group is the folder `path`.
  public static func open(_ path: String, mending: OMEMending = OMEMending()) throws(ZarrError) -> OMEImage {
    try open(Place(path), mending: mending)
  }

  public static func open(_ place: Place, mending: OMEMending = OMEMending()) throws(ZarrError) -> OMEImage {
    let path = place.address
    guard let group = try readAttributes(ofGroup: place) else {
      throw .notOME(path, missingMetadata(place), "check the path, and that the image was copied whole")
    }
    return try OMEImage(path: path, group: group, mending: mending)
  }

  /// The image that a group's attributes describe.
  public init(path: String, group: GroupAttributes, mending: OMEMending = OMEMending()) throws(ZarrError) {
    let (ome, zarrFormat) = (group.ome, group.zarrFormat)
    guard let list = ome["multiscales"] else {
      let (what, advice) = OMEImage.whatElse(ome)
      throw .notOME(path, what, advice)
    }
    guard let first = list.array?.first, first.object != nil else {
      throw .invalidOME(path, "\"multiscales\" is not a list with an image in it")
    }
    let written = ome["version"]?.string ?? first["version"]?.string
    guard let version = written ?? (zarrFormat == 2 ? "0.4" : nil) else {
      throw .invalidOME(path, "the metadata do not say their OME-Zarr version")
    }
    let parser = OMEMultiscaleParser(path: path, mending: mending)
    let (axes, levels): ([OMEAxis], [OMELevel])
    var furtherSystems: [String] = []
    switch OMEDialect(version: version) {
    case .flat: (axes, levels) = try parser.parseFlat(first)
    case .coordinateSystems:
      (axes, levels) = try parser.parseCoordinateSystems(first)
      for transformation in first["coordinateTransformations"]?.array ?? [] where transformation["type"] != "identity" {
        furtherSystems.append(transformation["output"]?["name"]?.string ?? "")
      }
    case nil: throw .unsupportedOMEVersion(path, version)
    }
    let time = axes.first { $0.axis == .t }
    self.init(
      path: path, version: version, name: first["name"]?.string, axes: axes, levels: levels,
      channels: OMEChannel.parse(group), timeUnit: time?.unit.map(OMEUnits.timeName),
      zarrFormat: zarrFormat, furtherSystems: furtherSystems, leavesOutLevels: levels.count < first["datasets"]?.array?.count ?? 0)
  }

  /// Why a group without `multiscales` is no image, and what to give instead.
  private static func whatElse(_ ome: JSONValue) -> (what: String, advice: String) {
    func whole(_ image: String) -> String { "give it as the dataset itself, or one of its images, such as \(image)" }
    if ome["plate"] != nil { return ("it is a plate, not an image", whole("A/1/0")) }
    if ome["well"] != nil { return ("it is a well of a plate, not an image", whole("0")) }
    if ome["scene"] != nil {
      return ("it is a scene of several images, not an image", "give it as the dataset itself, or one of its images")
    }
    if ome["bioformats2raw.layout"] != nil { return ("it is a folder of images, not an image", whole("0")) }
    return (
      "its attributes have no \"multiscales\"",
      "give an OME-Zarr image, or one of its arrays with axes, spacing and origin in a dataset.json"
    )
  }
}

/// The two ways in which multiscales are written.
enum OMEDialect {
  /// 0.4 and 0.5: `axes`, and a list of scale and translation.
  case flat
  /// 0.6: `coordinateSystems`, and one transformation with input and output.
  case coordinateSystems

  /// Nil for versions that are not read: 0.1 to 0.3, and the pre-releases of 0.6, which differ from it.
  init?(version: String) {
    let parts = version.split(separator: ".", omittingEmptySubsequences: false)
    // patch releases (0.5.2) keep the rules; "0.6rc0" has the final rules of 0.6
    guard parts.count >= 2, parts.count <= 3, parts[0] == "0", parts.count == 2 || Int(parts[2]) != nil else {
      return nil
    }
    switch parts[1] {
    case "4", "5": self = .flat
    case "6": self = .coordinateSystems
    case "6rc0" where parts.count == 2: self = .coordinateSystems
    default: return nil
    }
  }
}

extension ZarrError {
  static func notOME(_ path: String, _ what: String, _ advice: String) -> ZarrError {
    .metadataInvalid(path: path, reason: "this is not an OME-Zarr image: \(what)", advice: advice)
  }

  static func invalidOME(_ path: String, _ reason: String) -> ZarrError {
    .metadataInvalid(path: path, reason: "the OME-Zarr metadata cannot be used: \(reason)", advice: Advice.ome)
  }

  static func unsupportedOMEVersion(_ path: String, _ version: String) -> ZarrError {
    .unsupported(path: path, feature: "OME-Zarr version \"\(version)\" (0.4, 0.5 and 0.6 are)", advice: Advice.omeVersion)
  }
}

/// A path that the metadata of a group give, below the group; it never leaves it and is never the group itself.
func omeRelativePath(_ written: String, in group: String) throws(ZarrError) -> String {
  let path = try safeRelativePath(written)
  guard !path.isEmpty else { throw .invalidOME(group, "the path \"\(written)\" is the group itself") }
  return path
}
