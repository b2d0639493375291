import JSON
import Store

/// Where an image is by which a view is corrected: a path and, in an HDF5 file, a place in it.
public struct CorrectionPlace: Sendable, Hashable {
  /// Relative to the dataset's folder, or absolute.
  public var path: String
  public var dataset: String?

  public init(path: String, dataset: String? = nil) { (self.path, self.dataset) = (path, dataset) }

  /// A path, or `{"path": …, "dataset": …}`; nil for anything else.
  init?(_ json: JSONValue) {
    if let path = json.string {
      self.init(path: path)
    } else if let object = json.object, let path = object["path"]?.string, object.keys.allSatisfy(["path", "dataset"].contains) {
      guard object["dataset"] == nil || object["dataset"]?.string?.isEmpty == false else { return nil }
      self.init(path: path, dataset: object["dataset"]?.string)
    } else {
      return nil
    }
    if path.isEmpty || path.utf8.contains(0) || dataset?.utf8.contains(0) == true { return nil }
  }

  /// One, or a list of them.
  static func list(_ json: JSONValue) -> [CorrectionPlace]? {
    guard let list = json.array else { return CorrectionPlace(json).map { [$0] } }
    let places = list.compactMap { CorrectionPlace($0) }
    return places.count == list.count && !places.isEmpty ? places : nil
  }

  var json: JSONValue {
    guard let dataset else { return .string(path) }
    return .object(["path": .string(path), "dataset": .string(dataset)])
  }

  static func json(_ places: [CorrectionPlace]) -> JSONValue { places.count == 1 ? places[0].json : .array(places.map(\.json)) }

  func absolute(in folder: String) -> CorrectionPlace {
    CorrectionPlace(path: KnownStores.absolute(path, in: folder), dataset: dataset)
  }
}
