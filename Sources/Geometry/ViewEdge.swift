/// How far beyond a view's first or last voxel a sample may come to lie and still be on it: positions are rounded, and
/// without this a view would lack its last row wherever rounding goes up.
///
/// The one definition: whatever asks if a sample is in a view asks here.
public enum ViewEdge {
  /// How far, in voxels of the view.
  public static let tolerance = 1e-6

  /// More cannot be told from a place in between.
  fileprivate static let most = 0.01
}

extension PixelMap {
  /// How far beyond the ends of a view, `length` pixels long along an axis, samples are still on it.
  ///
  /// Matrices have 10 decimals, so along an axis that mixes with no other a sample is off by up to 5e-11 pixels for each
  /// step from the output's first voxel: on views of more than some 10,000 voxels that counts.
  public func edgeTolerance(axis: Int, length: Int) -> Double {
    let row = rows[axis]
    let slope = row[axis].magnitude
    guard slope > 0, row[(axis + 1) % 3] == 0, row[(axis + 2) % 3] == 0 else { return ViewEdge.tolerance }
    let steps = (offset[axis].magnitude + Double(length - 1)) / slope
    return min(max(ViewEdge.tolerance, 1e-10 * steps), ViewEdge.most)
  }

  /// How far beyond the ends of a view samples are still on it, along z, y, x.
  public func edgeTolerance(shape: Index3) -> Vector3 {
    Vector3(
      edgeTolerance(axis: 0, length: shape[0]), edgeTolerance(axis: 1, length: shape[1]),
      edgeTolerance(axis: 2, length: shape[2]))
  }
}

/// The pixel coordinates of a view between which there are samples of it, both ends included, along z, y, x.
///
/// What lies beyond the view's first or last voxel is taken at that voxel.
public struct ViewReach: Hashable, Sendable {
  public var lower: Vector3
  public var upper: Vector3

  /// From the centre of a view's first voxel to that of its last.
  public init(_ map: PixelMap, shape: Index3) {
    let edge = map.edgeTolerance(shape: shape)
    (lower, upper) = (-edge, Vector3(shape) - 1 + edge)
  }
}
