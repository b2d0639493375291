import Geometry

/// Blending as BigStitcher does it (`blending: product`): the weight of a view is the product of a cosine ramp along each
/// axis. Up to the border from its first and last voxels a view weighs 0 and has no part in a voxel.
public struct ProductBlending: Hashable, Sendable, Codable {
  /// Along z, y, x, in the view's own lengths.
  public var border: Vector3
  /// Of z, y, x: whether the blending width is a length in the world, and not one of the view's own.
  public var worldWidths: [Bool]

  public init(border: Vector3 = .zero, worldWidths: [Bool] = [false, false, false]) {
    (self.border, self.worldWidths) = (border, worldWidths)
  }
}
