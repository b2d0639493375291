/// Takes voxel indices of the output to pixel coordinates of a view.
///
/// Both are pixel centres: voxel `i` sits at `origin + i * spacing`. With the view's affine `A` (physical to world),
/// `pixel = S_view^-1 (A^-1 (S_out i + o_out) - o_view)`. As in the reference (`transform_sim`), both origins are
/// taken relative to the output's, so that large stage coordinates cost no digits; matrix and offset are rounded to
/// 10 decimals, and an offset within 1e-6 of a whole pixel, or within what rounding does to it so far from the origin, is
/// that pixel.
public struct PixelMap: Hashable, Sendable, Codable {
  /// Rows z, y, x of the matrix from output indices to view pixels.
  public let rows: [Vector3]
  public let offset: Vector3

  public init(rows: [Vector3], offset: Vector3) {
    (self.rows, self.offset) = (rows, offset)
  }

  public init(
    affine: AffineMap, viewSpacing: Vector3, viewOrigin: Vector3, outputSpacing: Vector3, outputOrigin: Vector3
  ) throws(GeometryError) {
    let inverse = try affine.inverse()
    var rows = [Vector3](repeating: .zero, count: 3)
    var offset = Vector3.zero
    // offset: A^-1(o_out) - o_out, plus o_out - o_view, without forming the large sums first
    var excess = inverse
    for i in 0..<3 { excess.rows[i][i] -= 1 }
    let local = inverse.translation + excess.linear(outputOrigin) + (outputOrigin - viewOrigin)
    let reach =
      absolute(inverse.translation) + excess.reach(of: outputOrigin) + absolute(outputOrigin)
      + absolute(viewOrigin)
    let error = roundingError(reach: reach, spacing: viewSpacing)
    for i in 0..<3 {
      for j in 0..<3 { rows[i][j] = roundedTo10Decimals(inverse.rows[i][j] * outputSpacing[j] / viewSpacing[i]) }
      let value = roundedTo10Decimals(local[i] / viewSpacing[i])
      let whole = value.rounded(.toNearestOrEven)
      offset[i] = (value - whole).magnitude <= max(1e-6, error[i]) ? whole : value
    }
    self.init(rows: rows, offset: offset)
  }

  /// The view pixel of an output index, summed in the order in which every kernel sums it.
  public func callAsFunction(_ index: Vector3) -> Vector3 {
    var p = offset
    for axis in 0..<3 {
      for i in 0..<3 { p[i] += rows[i][axis] * index[axis] }
    }
    return p
  }

  /// The smallest and largest view pixel coordinates over a box of output indices (inclusive bounds).
  public func bounds(of box: Box3) -> (lower: Vector3, upper: Vector3) {
    var lower = offset
    var upper = offset
    for axis in 0..<3 {
      let first = Double(box.lower[axis])
      let last = Double(box.upper[axis] - 1)
      for i in 0..<3 {
        let a = rows[i][axis] * first
        let b = rows[i][axis] * last
        lower[i] += min(a, b)
        upper[i] += max(a, b)
      }
    }
    return (lower, upper)
  }

  /// The map is a whole-voxel shift: the identity matrix and whole offsets.
  public var isWholeShift: Bool {
    isShift && (0..<3).allSatisfy { offset[$0] == offset[$0].rounded() }
  }

  /// The map is a shift: the identity matrix.
  public var isShift: Bool { rows == AffineMap.identity.rows }

  /// Each view axis depends on its own output axis alone.
  public var isDiagonal: Bool {
    (0..<3).allSatisfy { i in (0..<3).allSatisfy { j in i == j || rows[i][j] == 0 } }
  }
}

private func roundedTo10Decimals(_ value: Double) -> Double {
  let scaled = value * 1e10
  // beyond 2^53 the tenth decimal is below the value's own resolution
  return scaled.magnitude < 9e15 ? scaled.rounded(.toNearestOrEven) / 1e10 : value
}
