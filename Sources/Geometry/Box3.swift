/// A half-open box of voxels or of grid positions, `lower ..< upper` along z, y, x.
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
  @inlinable public var isEmpty: Bool { upper[0] <= lower[0] || upper[1] <= lower[1] || upper[2] <= lower[2] }
  public var count: Int { isEmpty ? 0 : shape[0] * shape[1] * shape[2] }

  /// The voxels that both boxes have; empty (by `isEmpty`) if there are none.
  public func intersection(_ other: Box3) -> Box3 {
    Box3(
      lower: pointwiseMax(lower, other.lower),
      upper: pointwiseMin(upper, other.upper))
  }

  public func intersects(_ other: Box3) -> Bool { !intersection(other).isEmpty }
  public func contains(_ other: Box3) -> Bool { other.isEmpty || intersection(other) == other }

  /// The box with `margin` more voxels on both sides along each axis.
  public func grown(by margin: Index3) -> Box3 {
    Box3(lower: lower &- margin, upper: upper &+ margin)
  }

  public func shifted(by offset: Index3) -> Box3 {
    Box3(lower: lower &+ offset, upper: upper &+ offset)
  }

  /// How many positions of the box come before one of them, in C order.
  public func offset(of position: Index3) -> Int {
    let (p, n) = (position &- lower, shape)
    return (p[0] * n[1] + p[1]) * n[2] + p[2]
  }

  /// Every position in the box, in C order: x fastest. None if the box is empty. Nothing is allocated.
  @inlinable public var positions: Positions { Positions(self) }

  /// The positions in a box, one after the other.
  public struct Positions: Sequence, IteratorProtocol, Sendable {
    @usableFromInline let box: Box3
    @usableFromInline var following: Index3
    @usableFromInline var isOver: Bool

    @inlinable init(_ box: Box3) {
      self.box = box
      following = box.lower
      isOver = box.isEmpty
    }

    @inlinable public mutating func next() -> Index3? {
      if isOver { return nil }
      let position = following
      following[2] &+= 1
      if following[2] < box.upper[2] { return position }
      following[2] = box.lower[2]
      following[1] &+= 1
      if following[1] < box.upper[1] { return position }
      following[1] = box.lower[1]
      following[0] &+= 1
      isOver = following[0] >= box.upper[0]
      return position
    }
  }
}
