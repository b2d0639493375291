import JSON

/// A scene of OME-Zarr 0.6: the group above several images, whose metadata say by transformations where they are, to each
/// other or in coordinate systems of the scene.
public struct OMEScene: Sendable {
  /// A coordinate system: of an image below the scene, or, without a path, of the scene.
  public struct Place: Sendable, Hashable {
    public let path: String?
    public let name: String
  }

  /// The group.
  public let path: String
  /// Of the scene itself; the first is what viewers show.
  public let systems: [OMECoordinateSystem]
  /// The images that transformations name, relative to the group, in the order of the transformations.
  public let imagePaths: [String]
  private let transformations: [(input: Place, output: Place, json: JSONValue)]

  /// Whether the attributes of a group are those of a scene.
  public static func isOne(_ attributes: JSONValue) -> Bool { attributes["ome"]?["scene"]?.object != nil }

  public init(path: String, attributes: JSONValue) throws(ZarrError) {
    let scene = attributes["ome"]?["scene"] ?? .null
    let version = attributes["ome"]?["version"]?.string ?? ""
    guard case .coordinateSystems = OMEDialect(version: version) else {
      throw .unsupported(path: path, feature: "a scene of OME-Zarr version \"\(version)\" (0.6 is)", advice: "write the scene again as 0.6, or its places into a dataset.json")
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

/// What leads from the images of a scene to one of its coordinate systems.
public struct OMESceneGraph: Sendable {
  private let scene: OMEScene
  private let images: [String: OMEImageSystems]
  /// Nil: not affine, for the reason.
  private var edges: [(input: OMEScene.Place, output: OMEScene.Place, map: OMEAffine?)] = []
  /// The edges at each place.
  private var edgesAt: [OMEScene.Place: [Int]] = [:]
  private var problems: [OMEScene.Place: String] = [:]
  private let systemsOfScene: [String: OMECoordinateSystem]

  /// - Parameter images: of every path that the scene names.
  public init(_ scene: OMEScene, images: [String: OMEImageSystems]) throws(ZarrError) {
    (self.scene, self.images) = (scene, images)
    systemsOfScene = Dictionary(uniqueKeysWithValues: scene.systems.map { ($0.name, $0) })
    for (i, (input, output, json)) in scene.edges.enumerated() {
      try add(json, from: input, to: output, "transformation \(i) of the scene", in: scene.path)
    }
    for path in scene.imagePaths {
      guard let image = images[path] else { continue }
      for json in image.transformations {
        guard let from = json["input"]?["name"]?.string, let to = json["output"]?["name"]?.string else { continue }
        try add(
          json, from: OMEScene.Place(path: path, name: from), to: OMEScene.Place(path: path, name: to),
          "a transformation of the image", in: "\(scene.path)/\(path)")
      }
    }
  }

  private mutating func add(
    _ json: JSONValue, from: OMEScene.Place, to: OMEScene.Place, _ what: String, in group: String
  ) throws(ZarrError) {
    let (from, to) = (try known(from, what, in: group), try known(to, what, in: group))
    let (inputs, outputs) = (system(from)?.axes.count ?? 0, system(to)?.axes.count ?? 0)
    var map: OMEAffine?
    do throws(OMEAffine.Problem) {
      let made = try OMEAffine(transformation: json, inputCount: inputs)
      guard made.outputCount == outputs else {
        throw OMEAffine.Problem(reason: "it makes \(made.outputCount) coordinates, but \"\(to.name)\" has \(outputs) axes")
      }
      map = made
    } catch {
      for place in [from, to] where problems[place] == nil { problems[place] = "\(what): \(error.reason)" }
    }
    edges.append((from, to, map))
    edgesAt[from, default: []].append(edges.count - 1)
    edgesAt[to, default: []].append(edges.count - 1)
  }

  /// A place under the name that the image itself gives its system.
  private func known(_ place: OMEScene.Place, _ what: String, in group: String) throws(ZarrError) -> OMEScene.Place {
    guard let path = place.path, let image = images[path] else { return place }
    guard let system = image.named(place.name) else {
      throw .invalidOME(group, "\(what) names coordinate system \"\(place.name)\" of \"\(path)\", which has none of that name")
    }
    return OMEScene.Place(path: path, name: system.name)
  }

  public func system(_ place: OMEScene.Place) -> OMECoordinateSystem? {
    place.path.flatMap { images[$0]?.named(place.name) } ?? (place.path == nil ? systemsOfScene[place.name] : nil)
  }

  /// From the intrinsic system of each image to `target`; images that nothing affine connects with it are not in it.
  public func maps(to target: OMEScene.Place) -> [String: OMEAffine] {
    guard let target = try? known(target, "", in: ""), let system = system(target) else { return [:] }
    var found = [target: OMEAffine.identity(system.axes.count)]
    var queue = [target]
    var next = 0
    while next < queue.count {
      let place = queue[next]
      next += 1
      guard let here = found[place] else { continue }
      for edge in edgesAt[place] ?? [] {
        let (input, output, map) = edges[edge]
        let other = input == place ? output : input
        guard found[other] == nil, let map else { continue }
        guard let step = output == place ? map : map.inverse() else { continue }
        found[other] = here.after(step)
        queue.append(other)
      }
    }
    var maps: [String: OMEAffine] = [:]
    maps.reserveCapacity(images.count)
    for (path, image) in images {
      maps[path] = found[OMEScene.Place(path: path, name: image.intrinsic.name)]
    }
    return maps
  }

  /// Why an image is not connected, as far as that is known.
  public func problem(of path: String) -> String? {
    guard let image = images[path] else { return nil }
    return ([image.intrinsic] + image.others).lazy.compactMap { problems[OMEScene.Place(path: path, name: $0.name)] }.first
  }
}

extension OMEScene {
  fileprivate var edges: [(input: Place, output: Place, json: JSONValue)] { transformations }
}
