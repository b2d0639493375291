import Geometry

/// A region of the world, from the first voxel centre to the last, both within.
public struct BoundingBox: Sendable, Hashable {
  public var lower: Vector3
  public var upper: Vector3

  public init(lower: Vector3, upper: Vector3) {
    (self.lower, self.upper) = (lower, upper)
  }
}
