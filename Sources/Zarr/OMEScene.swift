import JSON

/// A scene of OME-Zarr 0.6: the group above several images, whose metadata place them by transformations, beside each
/// other or in coordinate systems of the scene.
public struct OMEScene: Sendable {
  /// A coordinate system of an image below the scene, or, without a path, of the scene.
  public struct Place: Sendable, Hashable {
    public let path: String?
    public let name: String
  }

  /// The path of the group.
  public let path: String
  /// The scene's own coordinate systems; the first is what viewers show.
  public let systems: [OMECoordinateSystem]
  /// The images that transformations name, relative to the group, in the order of the transformations.
  public let imagePaths: [String]
  /// The transformations between two places each, in the order of the file.
  let transformations: [(input: Place, output: Place, json: JSONValue)]

  /// Whether a group is a scene. There are none before OME-Zarr 0.6, so its metadata are always under `ome`.
  public static func isOne(_ group: GroupAttributes) -> Bool { group.attributes["ome"]?["scene"]?.object != nil }

  public init(path: String, group: GroupAttributes) throws(ZarrError) {
    let ome = group.attributes["ome"] ?? .null
    let scene = ome["scene"] ?? .null
    let version = ome["version"]?.string ?? ""
    guard case .coordinateSystems = OMEDialect(version: version) else {
      throw .unsupported(
        path: path, feature: "a scene of OME-Zarr version \"\(version)\" (0.6 is)",
        advice: "write the scene again as 0.6, or its places into a dataset.json")
    }
    var systems: [OMECoordinateSystem] = []
    for json in scene["coordinateSystems"]?.array ?? [] { systems.append(try OMECoordinateSystem(json, path: path)) }
    let names = Set(systems.map(\.name))
    guard names.count == systems.count else { throw .invalidOME(path, "two coordinate systems of the scene have one name") }
    guard let list = scene["coordinateTransformations"]?.array, !list.isEmpty else {
      throw .invalidOME(path, "the scene has no \"coordinateTransformations\"")
    }
    var transformations: [(Place, Place, JSONValue)] = []
    transformations.reserveCapacity(list.count)
    var (images, known) = ([String](), Set<String>())
    for (i, json) in list.enumerated() {
      func place(_ key: String) throws(ZarrError) -> Place {
        guard let name = json[key]?["name"]?.string else {
          throw .invalidOME(path, "transformation \(i) of the scene has no \"\(key)\" with the \"name\" of a coordinate system")
        }
        guard let written = json[key]?["path"]?.string else {
          guard names.contains(name) else {
            throw .invalidOME(path, "the \(key) of transformation \(i) is \"\(name)\", which is no coordinate system of the scene")
          }
          return Place(path: nil, name: name)
        }
        let image = try omeRelativePath(written, in: path)
        if known.insert(image).inserted { images.append(image) }
        return Place(path: image, name: name)
      }
      transformations.append((try place("input"), try place("output"), json))
    }
    (self.path, self.systems, imagePaths, self.transformations) = (path, systems, images, transformations)
  }

  /// The systems in which the images can be placed: the scene's first one, and those that nothing leads on from; of a scene
  /// without any, the one that its first transformation leads to.
  public var targets: [Place] {
    guard let first = systems.first else { return [transformations[0].output] }
    let left = Set(transformations.map(\.input))
    return systems.map { Place(path: nil, name: $0.name) }.filter { $0.name == first.name || !left.contains($0) }
  }
}
