import Geometry

/// What is known of an OME-Zarr image beside its metadata, which may then be wrong or silent there.
public struct OMEMending: Sendable, Hashable, Codable {
  /// The axes of the arrays, in place of the metadata's.
  public var axes: [Axis]?
  /// The axes of space along which the spacing, and the origin, of the finest level are given.
  public var spacing: [Axis]
  public var origin: [Axis]

  public init(axes: [Axis]? = nil, spacing: [Axis] = [], origin: [Axis] = []) {
    (self.axes, self.spacing, self.origin) = (axes, spacing, origin)
  }

  /// Whether the metadata need not say where anything is.
  func isWhole(_ axes: [Axis], needsOrigin: Bool) -> Bool {
    axes.allSatisfy { $0.spaceLane == nil || spacing.contains($0) && (!needsOrigin || origin.contains($0)) }
  }
}
