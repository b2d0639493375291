import Geometry
import JSON

/// A coordinate system of OME-Zarr 0.6: a name, and axes whose order is that of the numbers of a point.
public struct OMECoordinateSystem: Sendable, Hashable {
  public struct SystemAxis: Sendable, Hashable {
    public let name: String
    /// The axis; nil if it is none that images have.
    public let axis: Axis?
    public let unit: String?
  }

  public let name: String
  public let axes: [SystemAxis]

  public init(name: String, axes: [SystemAxis]) {
    (self.name, self.axes) = (name, axes)
  }

  /// The most numbers that a point has here; more than any image.
  static let maximumAxisCount = 16

  /// - Parameter path: the path of the group, for messages.
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
  /// The axes of space, in the order z y x.
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
