import Foundation
import Geometry
import JSON

/// The metadata of an OME-Zarr image that we write, 0.4 or 0.5: complete, in the place and order that validators want.
///
/// Each level has exactly a scale and then a translation: voxel 0 of a level that averages `f` voxels of level 0 sits
/// `(f - 1) / 2` of their spacing beyond the origin.
public struct OMEWriter: Sendable {
  public enum Version: String, Sendable, CaseIterable, Codable {
    case v04 = "0.4"
    case v05 = "0.5"

    public var zarrFormat: Int { self == .v04 ? 2 : 3 }
  }

  public struct Level: Sendable, Hashable {
    /// The path relative to the group.
    public let path: String
    /// Voxels of level 0 that one of its voxels spans along z, y, x.
    public let absoluteFactor: Index3

    /// Whether its voxels are the first of those that they span, and lie there; else they lie in the middle of them.
    public let isSampled: Bool

    public init(path: String, absoluteFactor: Index3, isSampled: Bool = false) {
      (self.path, self.absoluteFactor, self.isSampled) = (path, absoluteFactor, isSampled)
    }

    /// A level that is named by its number.
    public init(_ layout: LevelLayout) {
      self.init(path: String(layout.level), absoluteFactor: layout.absoluteFactor)
    }
  }

  public var version: Version
  public var name: String
  public var is3D: Bool
  /// The spacing and origin of level 0, in micrometres.
  public var spacing: Vector3
  public var origin: Vector3
  /// Whether lengths are in micrometres; else nobody knows their unit, and none is written.
  public var isPhysical = true
  public var levels: [Level]
  public var timeScale = 1.0
  public var timeOrigin = 0.0
  /// The unit as the input's metadata name it; written if OME-Zarr lists it, since strict readers refuse others.
  public var timeUnit: String?
  /// The channels of the output.
  public var channels: [OMEChannel]
  /// The type, for the windows of channels that have none.
  public var elementType: ElementType
  /// The way in which levels were made.
  public var method = "mean"
  /// Free JSON, an object: method, version, provenance.
  public var metadata: JSONValue = .object([:])

  public init(
    version: Version, name: String, is3D: Bool, spacing: Vector3, origin: Vector3, levels: [Level],
    channels: [OMEChannel], elementType: ElementType
  ) {
    (self.version, self.name, self.is3D, self.spacing, self.origin) = (version, name, is3D, spacing, origin)
    (self.levels, self.channels, self.elementType) = (levels, channels, elementType)
  }

  /// The names of the axes, in order: the arrays' dimension names.
  public var axisNames: [String] { axes.map(\.rawValue) }

  private var axes: [Axis] { Axis.allCases.filter { is3D || $0 != .z } }

  /// The attributes of the group: what goes into `.zattrs`, or under `attributes` in `zarr.json`.
  public func attributes() -> JSONValue {
    var multiscale: [String: JSONValue] = [
      "name": .string(name), "type": .string(method), "metadata": metadata,
      "axes": .array(axes.map(axisJSON)), "datasets": .array(levels.map(datasetJSON)),
    ]
    let omero: JSONValue = .object([
      "channels": .array(channels.enumerated().map { $1.json(index: $0, elementType: elementType) })
    ])
    var ome: [String: JSONValue] = [:]
    if !channels.isEmpty { ome["omero"] = omero }
    switch version {
    case .v04:
      multiscale["version"] = .string(version.rawValue)
      ome["multiscales"] = .array([.object(multiscale)])
      return .object(ome)
    case .v05:
      ome["version"] = .string(version.rawValue)
      ome["multiscales"] = .array([.object(multiscale)])
      return .object(["ome": .object(ome)])
    }
  }

  /// The files that make the group, to be written into its folder.
  public func groupFiles() -> [(name: String, bytes: Data)] {
    switch version {
    case .v04:
      return [
        (ZarrFileName.v2Group, JSONValue.object(["zarr_format": .int(2)]).serialized(pretty: true)),
        (ZarrFileName.v2Attributes, attributes().serialized(pretty: true)),
      ]
    case .v05:
      let group: JSONValue = .object([
        "zarr_format": .int(3), "node_type": .string("group"), "attributes": attributes(),
      ])
      return [(ZarrFileName.v3, group.serialized(pretty: true))]
    }
  }

  private func axisJSON(_ axis: Axis) -> JSONValue {
    var json: [String: JSONValue] = ["name": .string(axis.rawValue)]
    switch axis {
    case .t:
      json["type"] = .string("time")
      if let unit = timeUnit.flatMap(OMEUnits.listedTime) { json["unit"] = .string(unit) }
    case .c:
      json["type"] = .string("channel")
    case .z, .y, .x:
      json["type"] = .string("space")
      if isPhysical { json["unit"] = .string("micrometer") }
    }
    return .object(json)
  }

  private func datasetJSON(_ level: Level) -> JSONValue {
    var scale: [JSONValue] = []
    var translation: [JSONValue] = []
    for axis in axes {
      switch axis {
      case .t:
        scale.append(.double(timeScale))
        translation.append(.double(timeOrigin))
      case .c:
        scale.append(.double(1))
        translation.append(.double(0))
      case .z, .y, .x:
        let lane = axis.spaceLane ?? 0
        let factor = Double(level.absoluteFactor[lane])
        scale.append(.double(factor * spacing[lane]))
        let middle = level.isSampled ? 0 : (factor - 1) * spacing[lane] / 2
        translation.append(.double(origin[lane] + middle))
      }
    }
    return .object([
      "path": .string(level.path),
      "coordinateTransformations": .array([
        .object(["type": .string("scale"), "scale": .array(scale)]),
        .object(["type": .string("translation"), "translation": .array(translation)]),
      ]),
    ])
  }
}
