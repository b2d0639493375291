import Geometry

/// One input image of a job, and its places.
public struct ViewRecord: Hashable, Sendable {
  /// An affine map, physical to world, for one time point, or for all if `t` is nil.
  public struct Transform: Hashable, Sendable {
    public var t: Int?
    public var affine: AffineMap

    public init(t: Int? = nil, affine: AffineMap) {
      (self.t, self.affine) = (t, affine)
    }
  }

  public var ordinal: Int
  public var name: String
  public var path: String
  public var shape: TCZYX
  public var elementType: String
  public var spacing: Vector3
  public var origin: Vector3
  /// JSON that the caller owns: format, codec, channel names, …
  public var details: String
  /// JSON that the caller compares at `run`: shape, type, codec, size and time of the metadata.
  public var fingerprint: String
  public var transforms: [Transform]

  public init(
    ordinal: Int, name: String, path: String, shape: TCZYX, elementType: String, spacing: Vector3, origin: Vector3,
    details: String, fingerprint: String, transforms: [Transform]
  ) {
    (self.ordinal, self.name, self.path, self.shape, self.elementType) = (ordinal, name, path, shape, elementType)
    (self.spacing, self.origin, self.details) = (spacing, origin, details)
    (self.fingerprint, self.transforms) = (fingerprint, transforms)
  }
}
