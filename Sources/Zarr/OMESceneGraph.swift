import JSON

/// What leads from the images of a scene to one of its coordinate systems.
public struct OMESceneGraph: Sendable {
  private let scene: OMEScene
  private let images: [String: OMEImageSystems]
  /// The transformations; one without a map is not affine, for the reason in `problems`.
  private var edges: [(input: OMEScene.Place, output: OMEScene.Place, map: OMEAffine?)] = []
  /// The edges at each place.
  private var edgesAt: [OMEScene.Place: [Int]] = [:]
  private var problems: [OMEScene.Place: String] = [:]
  private let systemsOfScene: [String: OMECoordinateSystem]

  /// - Parameter images: the systems of the images by their paths in the scene; those that cannot be read are left out.
  public init(_ scene: OMEScene, images: [String: OMEImageSystems]) throws(ZarrError) {
    (self.scene, self.images) = (scene, images)
    systemsOfScene = Dictionary(uniqueKeysWithValues: scene.systems.map { ($0.name, $0) })
    for (i, (input, output, json)) in scene.transformations.enumerated() {
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
    do throws(OMETransformation.Problem) {
      let made = try OMETransformation(json, inputCount: inputs).map()
      guard made.outputCount == outputs else {
        throw OMETransformation.Problem(reason: "it makes \(made.outputCount) coordinates, but \"\(to.name)\" has \(outputs) axes")
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

  /// The map from the intrinsic system of each image to `target`; images that nothing affine connects with it are not in it.
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
