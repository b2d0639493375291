/// A half-open box of voxels, `lower ..< upper` along z, y, x.
public struct Box3: Hashable, Sendable, Codable {
  public var lower: Index3
  public var upper: Index3

  public init(lower: Index3, upper: Index3) {
    (self.lower, self.upper) = (lower, upper)
  }

  public init(shape: Index3) {
    self.init(lower: Index3(repeating: 0), upper: shape)
  }

  public var shape: Index3 { upper &- lower }
  public var isEmpty: Bool { upper[0] <= lower[0] || upper[1] <= lower[1] || upper[2] <= lower[2] }
  public var count: Int { isEmpty ? 0 : shape[0] * shape[1] * shape[2] }

  /// Empty (by `isEmpty`) where the two have no voxel in common.
  public func intersection(_ other: Box3) -> Box3 {
    Box3(
      lower: pointwiseMax(lower, other.lower),
      upper: pointwiseMin(upper, other.upper))
  }

  public func intersects(_ other: Box3) -> Bool { !intersection(other).isEmpty }
  public func contains(_ other: Box3) -> Bool { other.isEmpty || intersection(other) == other }

  /// Grown on both sides by `margin` along each axis.
  public func grown(by margin: Index3) -> Box3 {
    Box3(lower: lower &- margin, upper: upper &+ margin)
  }

  public func shifted(by offset: Index3) -> Box3 {
    Box3(lower: lower &+ offset, upper: upper &+ offset)
  }
}
