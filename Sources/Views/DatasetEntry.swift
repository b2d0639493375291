import Diagnostics
import Files
import Foundation
import Geometry
import JSON
import Zarr

/// One view as a dataset file writes it, checked in form but not yet against its image.
public struct DatasetEntry: Sendable, Hashable {
  public var name: String
  /// Relative to the file's folder, or absolute.
  public var path: String
  /// The image of a file that holds several: the path of a group or data set in an HDF5 file.
  public var dataset: String?
  /// The axes of the array's dimensions; plain arrays need them.
  public var axes: [Axis]?
  /// Spacing and origin along axes of space, in place of the image's own.
  public var spacing: [Axis: Double]?
  public var origin: [Axis: Double]?
  public var transforms: [String: TransformMatrices]
  /// The one time point, or channel, that is taken of the image's own; else all are.
  public var select: [Axis: Int] = [:]
  /// The time points and channels of the output that its own are, one for each; nil if they are matched with the other views'.
  public var timePlaces: [Int]?
  public var channelPlaces: [Int]?
  /// Whether a voxel of a coarser level is in the middle of those that it averages, if the level itself does not say its place.
  public var averagesLevels = false
  /// Voxels count as `value * scale + offset`.
  public var scale: Double
  public var offset: Double
  /// The stored value that is no value; nil: that of the options.
  public var nodata: StoredNumber?
  /// Images of the light and of the darkness that the camera saw: one for all channels, or one for each.
  public var flatFields: [CorrectionPlace]?
  public var darkFields: [CorrectionPlace]?
  /// A field of intensity coefficients, as BigStitcher-Spark makes them.
  public var coefficients: CorrectionPlace?
  /// Which view of a BigStitcher XML it is; nil for one of another dataset.
  var bigStitcherView: BigStitcherFile.ViewID?
  /// What the XML's IntensityAdjustments say of it, which is applied where the options ask for it.
  var adjustment: BigStitcherFile.Adjustment?

  public init(
    name: String, path: String, axes: [Axis]? = nil, spacing: [Axis: Double]? = nil, origin: [Axis: Double]? = nil,
    transforms: [String: TransformMatrices] = [:], scale: Double = 1, offset: Double = 0
  ) {
    (self.name, self.path, self.axes, self.spacing, self.origin) = (name, path, axes, spacing, origin)
    (self.transforms, self.scale, self.offset) = (transforms, scale, offset)
  }

  /// Whether the dataset says that the image has z, by its axes, spacing, origin or matrices; nil if it leaves that open.
  var hasZ: Bool? {
    if let axes { return axes.contains(.z) }
    if spacing?[.z] != nil || origin?[.z] != nil { return true }
    return transforms.values.compactMap(\.rowCount).max().map { $0 > 3 }
  }

  static let knownKeys = [
    "name", "path", "dataset", "transforms", "axes", "spacing", "origin", "select", "t", "c", "averaged_levels", "scale",
    "offset", "nodata", "flatfield", "darkfield", "intensity_coefficients",
  ]
}

extension DatasetEntry {
  /// - Parameters:
  ///   - index: the view's place in the list, for messages on views that have no name yet.
  ///   - channels: the names that the dataset gives the output's channels.
  init(_ json: JSONValue, index: Int, file: String, channels: [String]?) throws(ViewsError) {
    guard let object = json.object else {
      throw .datasetInvalid(path: file, field: "views[\(index)]", reason: "a view is an object with a path")
    }
    let name = object["name"]?.string
    let field = name.map { "view \"\($0)\"" } ?? "views[\(index)]"
    func invalid(_ key: String, _ reason: String) -> ViewsError {
      .datasetInvalid(path: file, field: "\(field), \(key)", reason: reason)
    }
    let extra = object.keys.filter { !DatasetEntry.knownKeys.contains($0) }.min()
    if let extra {
      throw .unknownKey(
        path: file, field: field, key: extra, known: DatasetEntry.knownKeys)
    }
    guard let path = object["path"]?.string, !path.isEmpty, !path.utf8.contains(0) else {
      throw invalid("path", object["path"] == nil ? "it is missing" : "it is not the path of an image")
    }
    if let problem = PathProblem(path) { throw .noPath(problem, path, path: file, field: "\(field), path") }
    if object["name"] != nil && name?.isEmpty != false { throw invalid("name", "it is not a name") }
    self.init(name: name ?? FilePath.lastComponent(of: path), path: path)
    for (key, value) in object where !value.isNull {
      switch key {
      case "dataset":
        guard let inner = value.string, !inner.isEmpty, !inner.utf8.contains(0) else {
          throw invalid(key, "it is not the name of an image in the file")
        }
        dataset = inner
      case "select": select = try DatasetEntry.selection(value, invalid)
      case "t": timePlaces = try DatasetEntry.places(value, key, names: nil, invalid)
      case "c": channelPlaces = try DatasetEntry.places(value, key, names: channels, invalid)
      case "axes": axes = try DatasetEntry.axes(value, invalid)
      case "spacing":
        spacing = try DatasetEntry.lengths(value, key, invalid)
        if let wrong = spacing?.first(where: { $0.value <= 0 }) {
          throw invalid(key, "\(wrong.value) along \(wrong.key) is not positive")
        }
      case "origin": origin = try DatasetEntry.lengths(value, key, invalid)
      case "averaged_levels":
        guard let flag = value.bool else { throw invalid(key, "it is neither true nor false") }
        averagesLevels = flag
      case "scale", "offset":
        guard let number = value.double, number.isFinite else { throw invalid(key, "it is not a number") }
        if key == "scale" { scale = number } else { offset = number }
      case "nodata":
        guard let stored = StoredNumber(value) else { throw invalid(key, "it is not a number") }
        nodata = stored
      case "flatfield", "darkfield":
        guard let places = CorrectionPlace.list(value) else { throw invalid(key, Self.noImage + ", nor a list of them") }
        if key == "flatfield" { flatFields = places } else { darkFields = places }
        try Self.check(places, file: file, field: "\(field), \(key)")
      case "intensity_coefficients":
        guard let place = CorrectionPlace(value) else { throw invalid(key, Self.noImage) }
        coefficients = place
        try Self.check([place], file: file, field: "\(field), \(key)")
      case "transforms":
        guard let named = value.object else { throw invalid(key, "it is not an object of named transforms") }
        for (name, matrices) in named {
          transforms[name] = try TransformMatrices(matrices) { invalid("transforms, \"\(name)\"", $0) }
        }
      default: break
      }
    }
  }

  private static let noImage = "it is neither the path of an image nor {\"path\": …, \"dataset\": …}"

  private static func check(_ places: [CorrectionPlace], file: String, field: String) throws(ViewsError) {
    for place in places {
      if let problem = PathProblem(place.path) { throw .noPath(problem, place.path, path: file, field: field) }
    }
  }

  private static func axes(_ json: JSONValue, _ invalid: (String, String) -> ViewsError) throws(ViewsError) -> [Axis] {
    let axes = json.array?.compactMap { $0.string.flatMap(Axis.init(rawValue:)) } ?? []
    guard axes.count == json.array?.count, axes == Axis.allCases.filter(axes.contains), axes.contains(.y),
      axes.contains(.x)
    else {
      throw invalid("axes", "they must be some of \"t\", \"c\", \"z\", \"y\", \"x\" in that order, with y and x")
    }
    return axes
  }

  private static func lengths(
    _ json: JSONValue, _ key: String, _ invalid: (String, String) -> ViewsError
  ) throws(ViewsError) -> [Axis: Double] {
    guard let object = json.object, !object.isEmpty else {
      throw invalid(key, "it must give numbers by axis: {\"z\": 1, \"y\": 0.5, \"x\": 0.5}")
    }
    var lengths: [Axis: Double] = [:]
    for (name, value) in object {
      guard let axis = Axis(rawValue: name), axis.spaceLane != nil else {
        throw invalid(key, "\"\(name)\" is not one of the axes z, y, x")
      }
      guard let number = value.double, number.isFinite else { throw invalid(key, "along \(name) it is not a number") }
      lengths[axis] = number
    }
    return lengths
  }

  private static func selection(
    _ json: JSONValue, _ invalid: (String, String) -> ViewsError
  ) throws(ViewsError) -> [Axis: Int] {
    guard let object = json.object else { throw invalid("select", "it must give an index by axis: {\"t\": 0, \"c\": 1}") }
    var selection: [Axis: Int] = [:]
    for (name, value) in object {
      guard let axis = Axis(rawValue: name), axis.spaceLane == nil else {
        throw invalid("select", "\"\(name)\" is neither t nor c")
      }
      guard let index = value.int, index >= 0 else { throw invalid("select", "along \(name) it is no index from 0") }
      selection[axis] = index
    }
    return selection
  }

  /// One place or a list of places: indices from 0, or names.
  private static func places(
    _ json: JSONValue, _ key: String, names: [String]?, _ invalid: (String, String) -> ViewsError
  ) throws(ViewsError) -> [Int] {
    var places: [Int] = []
    for value in json.array ?? [json] {
      if let name = value.string, let place = names?.firstIndex(of: name) {
        places.append(place)
      } else if let index = value.int, (0..<OpenedImage.maximumSeriesLength).contains(index) {
        places.append(index)
      } else if let name = value.string, key == "c" {
        throw invalid(key, "\"\(name)\" is none of the dataset's \"channels\"")
      } else {
        throw invalid(key, "it is no index from 0, nor a list of them")
      }
    }
    guard !places.isEmpty, Set(places).count == places.count else {
      throw invalid(key, places.isEmpty ? "the list is empty" : "an index is there twice")
    }
    return places
  }

  /// The entry as a dataset file writes it.
  var json: JSONValue {
    var object: [String: JSONValue] = ["name": .string(name), "path": .string(path)]
    if let dataset { object["dataset"] = .string(dataset) }
    if !select.isEmpty {
      object["select"] = .object(
        Dictionary(uniqueKeysWithValues: select.map { ($0.key.rawValue, .int(Int64($0.value))) }))
    }
    for (key, places) in [("t", timePlaces), ("c", channelPlaces)] {
      guard let places else { continue }
      let numbers = places.map { JSONValue.int(Int64($0)) }
      object[key] = numbers.count == 1 ? numbers[0] : .array(numbers)
    }
    if let axes { object["axes"] = .array(axes.map { .string($0.rawValue) }) }
    for (key, lengths) in [("spacing", spacing), ("origin", origin)] {
      guard let lengths else { continue }
      object[key] = .object(Dictionary(uniqueKeysWithValues: lengths.map { ($0.key.rawValue, .double($0.value)) }))
    }
    if !transforms.isEmpty { object["transforms"] = .object(transforms.mapValues(\.json)) }
    if averagesLevels { object["averaged_levels"] = .bool(true) }
    if scale != 1 { object["scale"] = .double(scale) }
    if offset != 0 { object["offset"] = .double(offset) }
    if let nodata { object["nodata"] = nodata.json }
    if let flatFields { object["flatfield"] = CorrectionPlace.json(flatFields) }
    if let darkFields { object["darkfield"] = CorrectionPlace.json(darkFields) }
    if let coefficients { object["intensity_coefficients"] = coefficients.json }
    return .object(object)
  }
}
