extension PixelMap {
  /// The map of a view of one plane along z that lies parallel to the output's planes: moved along z onto the output
  /// plane nearest to it, halves to the lower one. Nil for any other view.
  ///
  /// Between two planes such a view would have no voxel at all. It is on one plane only, so each output voxel of it
  /// is a sample of the view's plane straight above or below. A view that is tilted against the output's planes is not
  /// moved: no one plane is nearest to all of it.
  public func onNearestPlane(shape: Index3) -> PixelMap? {
    guard shape[0] == 1, rows[0][0] != 0, rows[0][1] == 0, rows[0][2] == 0 else { return nil }
    let place = -offset[0] / rows[0][0]
    // beyond, there are no halves, nor an output
    guard place.magnitude < 0x1p50 else { return nil }
    // 1e-6: the tolerance to which a pixel map snaps
    let plane = (place - 0.5 - 1e-6).rounded(.up)
    let height = (place - plane).magnitude <= 1e-6 ? plane : place
    var moved = (rows: rows, offset: offset)
    // 0 minus, since -0.0 is another number
    (moved.rows[0], moved.offset[0]) = (Vector3(1, 0, 0), 0 - plane)
    for axis in 1..<3 where rows[axis][0] != 0 {
      moved.offset[axis] += rows[axis][0] * height
      moved.rows[axis][0] = 0
    }
    return PixelMap(rows: moved.rows, offset: moved.offset)
  }
}
