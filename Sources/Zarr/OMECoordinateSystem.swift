import Geometry
import JSON

/// A coordinate system of OME-Zarr 0.6: a name, and axes whose order is that of the numbers of a point.
public struct OMECoordinateSystem: Sendable, Hashable {
  public struct SystemAxis: Sendable, Hashable {
    public let name: String
    /// Nil where it is none that images have.
    public let axis: Axis?
    public let unit: String?
  }

  public let name: String
  public let axes: [SystemAxis]

  public init(name: String, axes: [SystemAxis]) {
    (self.name, self.axes) = (name, axes)
  }

  /// Most that a point has here; more than any image.
  static let maximumAxisCount = 16

  /// - Parameter path: of the group, for messages.
  init(_ json: JSONValue, path: String) throws(ZarrError) {
    guard let name = json["name"]?.string, !name.isEmpty else { throw .invalidOME(path, "a coordinate system has no name") }
    guard let list = json["axes"]?.array, (1...Self.maximumAxisCount).contains(list.count) else {
      throw .invalidOME(path, "coordinate system \"\(name)\" has no \"axes\", or too many")
    }
    self.init(name: name, axes: try list.map { (json) throws(ZarrError) in try SystemAxis(json, system: name, path: path) })
    guard Set(axes.map(\.name)).count == axes.count else {
      throw .invalidOME(path, "two axes of coordinate system \"\(name)\" have one name")
    }
  }

  /// The place of an axis among the numbers of a point.
  public func index(of axis: Axis) -> Int? { axes.firstIndex { $0.axis == axis } }
  /// Those of space, in the order z y x.
  public var space: [Axis] { Axis.space.filter { index(of: $0) != nil } }
}

extension OMECoordinateSystem.SystemAxis {
  fileprivate init(_ json: JSONValue, system: String, path: String) throws(ZarrError) {
    guard let name = json["name"]?.string, !name.isEmpty else {
      throw .invalidOME(path, "an axis of coordinate system \"\(system)\" has no name")
    }
    let named = Axis(rawValue: name.lowercased())
    let axis: Axis? =
      switch json["type"]?.string {
      case "time": .t
      case "channel": .c
      case "space": named?.spaceLane == nil ? nil : named
      case nil: named
      default: nil
      }
    let unit = json["unit"]?.string
    if axis?.spaceLane != nil, OMEUnits.micrometres(in: unit) == nil {
      throw .invalidOME(path, "axis \"\(name)\" of coordinate system \"\(system)\" has the unit \"\(unit ?? "")\", which is no length")
    }
    self.init(name: name, axis: axis, unit: unit)
  }
}

/// The coordinate systems of one OME-Zarr image: the one in which its voxels sit, and those that its own metadata lead to.
public struct OMEImageSystems: Sendable {
  /// Where the levels are placed. Its name is "" for 0.4 and 0.5, which give it none.
  public let intrinsic: OMECoordinateSystem
  public let others: [OMECoordinateSystem]
  let transformations: [JSONValue]

  /// - Parameter attributes: of the group at `path`.
  public init(path: String, attributes: JSONValue) throws(ZarrError) {
    let ome = attributes["ome"] ?? attributes
    guard let first = ome["multiscales"]?.array?.first else { throw .notOME(path, "its attributes have no \"multiscales\"", Advice.ome) }
    guard let list = first["coordinateSystems"]?.array else {
      intrinsic = try OMECoordinateSystem(
        .object(["name": "intrinsic", "axes": first["axes"] ?? .null]), path: path).renamed("")
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
