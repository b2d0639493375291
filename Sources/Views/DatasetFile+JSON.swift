import Diagnostics
import Files
import Foundation
import Geometry
import JSON
import Zarr

/// dataset.json: `{"views": [{"path": …, "transforms": {…}}, …]}`, as text and as entries.
extension DatasetFile {
  private static let knownKeys = ["views", "channels", "timepoints", "bounding_boxes", "world_unit"]

  /// The dataset that the bytes of the file at `path` write.
  package init(json bytes: [UInt8], path: String) throws(ViewsError) {
    let json: JSONValue
    do {
      json = try JSONValue.parse(bytes)
    } catch {
      throw .datasetUnreadable(path: path, why: .json(error))
    }
    guard let object = json.object, let views = object["views"]?.array else {
      throw .datasetInvalid(path: path, field: "views", reason: "the file is not an object with a list of \"views\"")
    }
    if let extra = object.keys.filter({ !Self.knownKeys.contains($0) }).min() {
      throw .unknownKey(
        path: path, field: "dataset", key: extra, known: Self.knownKeys)
    }
    if views.isEmpty { throw .noViews(path: path) }
    self.init(path: path, entries: [], digest: Digest(bytes).text)
    func invalid(_ field: String, _ reason: String) -> ViewsError {
      .datasetInvalid(path: path, field: field, reason: reason)
    }
    if let value = object["channels"], !value.isNull {
      let names = value.array?.compactMap(\.string) ?? []
      guard !names.isEmpty, names.count == value.array?.count, Set(names).count == names.count, !names.contains("")
      else { throw invalid("channels", "it must be a list of names, all different") }
      channels = names
    }
    if let value = object["timepoints"], !value.isNull {
      guard let count = value.int, (1...OpenedImage.maximumSeriesLength).contains(count) else {
        throw invalid("timepoints", "it must be how many there are")
      }
      timeCount = count
    }
    if let value = object["world_unit"], !value.isNull {
      guard let unit = value.string.flatMap({ WorldUnit($0) }) else {
        throw invalid("world_unit", "it must be a length with its unit, such as \"0.25 um\", or \"unknown\"")
      }
      worldUnit = unit
      if unit == .unknown { worldUnitNote = WorldUnit.unknownNote("the dataset does not know how long one unit of its world is") }
    }
    let boxes = object["bounding_boxes"] ?? .null
    guard boxes == .null || boxes.object != nil else { throw invalid("bounding_boxes", "it is not a map of boxes") }
    for (name, value) in boxes.object ?? [:] {
      boundingBoxes[name] = try Self.boundingBox(value) { invalid("bounding_boxes, \"\(name)\"", $0) }
    }
    entries.reserveCapacity(views.count)
    for (i, view) in views.enumerated() {
      entries.append(try DatasetEntry(view, index: i, file: path, channels: channels))
    }
    try checkNames()
  }

  private static func boundingBox(
    _ json: JSONValue, _ invalid: (String) -> ViewsError
  ) throws(ViewsError) -> BoundingBox {
    var box = BoundingBox(lower: .zero, upper: .zero)
    for (key, side) in [("min", \BoundingBox.lower), ("max", \BoundingBox.upper)] {
      for (lane, axis) in Axis.space.enumerated() {
        guard let value = json[key]?[axis.rawValue] else {
          // 2D has no z
          if axis == .z { continue }
          throw invalid("it must be {\"min\": {\"z\": …, \"y\": …, \"x\": …}, \"max\": …}")
        }
        guard let number = value.double, number.isFinite else { throw invalid("\(key) along \(axis) is no number") }
        box[keyPath: side][lane] = number
      }
    }
    guard all(box.lower .<= box.upper) else { throw invalid("its min lies above its max") }
    return box
  }

  /// The file's text, one view a line; the same entries give the same bytes.
  public func serialized() -> Data {
    func data(_ json: JSONValue) -> Data { json.serialized(pretty: false) }
    var text = Data("{".utf8)
    if let channels { text.append(Data("\"channels\": ".utf8) + data(.array(channels.map { .string($0) })) + Data(",\n".utf8)) }
    if let timeCount { text.append(Data("\"timepoints\": \(timeCount),\n".utf8)) }
    if worldUnit != .micrometre { text.append(Data("\"world_unit\": ".utf8) + data(.string(worldUnit.text)) + Data(",\n".utf8)) }
    if !boundingBoxes.isEmpty {
      text.append(Data("\"bounding_boxes\": ".utf8) + data(.object(boundingBoxes.mapValues(\.json))) + Data(",\n".utf8))
    }
    text.append(Data("\"views\": [\n".utf8))
    for (i, entry) in entries.enumerated() {
      if i > 0 { text.append(Data(",\n".utf8)) }
      text.append(Data("  ".utf8))
      text.append(data(entry.json))
    }
    text.append(Data("\n]}\n".utf8))
    return text
  }
}

extension BoundingBox {
  fileprivate var json: JSONValue {
    func side(_ p: Vector3) -> JSONValue {
      .object(Dictionary(uniqueKeysWithValues: Axis.space.enumerated().map { ($1.rawValue, .double(p[$0])) }))
    }
    return .object(["min": side(lower), "max": side(upper)])
  }
}
