import Geometry

/// The map that takes the physical coordinates of a view to the world, in one coordinate system.
public enum ViewTransform: Sendable, Hashable, Codable {
  case constant(AffineMap)
  /// One for each time point of the output, in the output's order.
  case perTime([AffineMap])

  /// The map at a time point of the output; nil if it has none.
  public func affine(t: Int) -> AffineMap? {
    switch self {
    case .constant(let map): map
    case .perTime(let maps): maps.indices.contains(t) ? maps[t] : nil
    }
  }
}
