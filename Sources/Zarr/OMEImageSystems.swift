import JSON

/// The coordinate systems of one OME-Zarr image: the one in which its voxels sit, and those that its own metadata lead to.
public struct OMEImageSystems: Sendable {
  /// The system in which the levels are placed. Its name is "" for 0.4 and 0.5, which give it none.
  public let intrinsic: OMECoordinateSystem
  public let others: [OMECoordinateSystem]
  let transformations: [JSONValue]

  /// The systems of the image whose group is at `path`.
  public init(path: String, group: GroupAttributes) throws(ZarrError) {
    guard let first = group.ome["multiscales"]?.array?.first else {
      throw .notOME(path, "its attributes have no \"multiscales\"", Advice.ome)
    }
    guard let list = first["coordinateSystems"]?.array else {
      intrinsic = try OMECoordinateSystem(
        .object(["name": "intrinsic", "axes": first["axes"] ?? .null]), path: path
      ).renamed("")
      (others, transformations) = ([], [])
      return
    }
    var systems: [OMECoordinateSystem] = []
    for json in list { systems.append(try OMECoordinateSystem(json, path: path)) }
    guard Set(systems.map(\.name)).count == systems.count else {
      throw .invalidOME(path, "two coordinate systems have one name")
    }
    let name = first["datasets"]?.array?.first?["coordinateTransformations"]?.array?.first?["output"]?["name"]?.string
    guard let place = systems.firstIndex(where: { $0.name == name }) else {
      throw .invalidOME(path, "its levels are placed in coordinate system \"\(name ?? "")\", which is not there")
    }
    intrinsic = systems.remove(at: place)
    (others, transformations) = (systems, first["coordinateTransformations"]?.array ?? [])
  }

  /// The system of a name that a scene uses; those of images that name none have one only, under any name.
  func named(_ name: String) -> OMECoordinateSystem? {
    intrinsic.name.isEmpty || intrinsic.name == name ? intrinsic : others.first { $0.name == name }
  }
}

extension OMECoordinateSystem {
  fileprivate func renamed(_ name: String) -> OMECoordinateSystem { OMECoordinateSystem(name: name, axes: axes) }
}
