/// Where the voxels of an image or of the output sit: voxel `i` is at `origin + i * spacing`, in physical units.
///
/// In 2D the z lanes are origin 0, spacing 1, shape 1.
public struct StackProperties: Hashable, Sendable, Codable {
  public var spacing: Vector3
  public var origin: Vector3
  public var shape: Index3

  public init(spacing: Vector3, origin: Vector3, shape: Index3) {
    (self.spacing, self.origin, self.shape) = (spacing, origin, shape)
  }
}

public enum OutputStackMode: String, CaseIterable, Sendable, Codable {
  case union, intersection, sample
}

extension StackProperties {
  /// The output that a set of views asks for at one time point (the reference's
  /// `calc_stack_properties_from_view_properties_and_params`).
  ///
  /// Extents are those of pixel centres. `union` covers every view, `intersection` is the common part of the
  /// views' boxes, `sample` covers what the middle of each view's far z plane maps to.
  public static func enclosing(
    _ views: [(stack: StackProperties, affine: AffineMap)], spacing: Vector3, mode: OutputStackMode, is3D: Bool
  ) throws(GeometryError) -> StackProperties {
    if mode == .sample && !is3D {
      throw .unsupported("output_stack_mode \"sample\" needs 3D images")
    }
    var lower = Vector3(repeating: mode == .intersection ? -.infinity : .infinity)
    var upper = -lower
    var reach = Vector3.zero
    for (stack, affine) in views {
      let (low, high) = bounds(of: stack, affine: affine, sampled: mode == .sample)
      reach = pointwiseMax(reach, largestNumber(in: stack, affine: affine))
      if mode == .intersection {
        lower = pointwiseMax(lower, low)
        upper = pointwiseMin(upper, high)
      } else {
        lower = pointwiseMin(lower, low)
        upper = pointwiseMax(upper, high)
      }
    }
    let cells = wholeSteps(upper - lower, spacing: spacing, reach: reach)
    for i in 0..<3 where !(cells[i] >= 0) {
      throw .emptyOutput("the views have no common part along \(Axis.space[i])")
    }
    return StackProperties(spacing: spacing, origin: lower, shape: try wholeShape(cells))
  }

  /// One output for all time points (the reference's `combine_stack_props`).
  public static func combined(_ all: [StackProperties]) throws(GeometryError) -> StackProperties {
    var result = all[0]
    // nothing to combine, and nothing to be rounded again
    if all.count == 1 { return result }
    for s in all.dropFirst() {
      result.origin = pointwiseMin(result.origin, s.origin)
      result.spacing = pointwiseMin(result.spacing, s.spacing)
    }
    var cells = Vector3.zero
    for s in all {
      let extent = (s.origin - result.origin) + Vector3(s.shape &- 1) * s.spacing
      let reach = pointwiseMax(absolute(s.origin), absolute(result.origin)) + extent
      cells = pointwiseMax(cells, wholeSteps(extent, spacing: result.spacing, reach: reach))
    }
    result.shape = try wholeShape(cells)
    return result
  }

  /// The box that a view's pixel centres span in the world.
  public static func bounds(of stack: StackProperties, affine: AffineMap, sampled: Bool = false)
    -> (lower: Vector3, upper: Vector3)
  {
    var lower = Vector3(repeating: .infinity)
    var upper = -lower
    for corner in 0..<8 {
      var at = Vector3(Double(corner >> 2 & 1), Double(corner >> 1 & 1), Double(corner & 1))
      if sampled { (at[0], at[2]) = (1, 0.5) }
      let p = affine(at * Vector3(stack.shape &- 1) * stack.spacing + stack.origin)
      lower = pointwiseMin(lower, p)
      upper = pointwiseMax(upper, p)
    }
    return (lower, upper)
  }

  /// The voxels that fit into a box, from its lower end on.
  public static func shape(lower: Vector3, upper: Vector3, spacing: Vector3) throws(GeometryError) -> Index3 {
    let reach = pointwiseMax(absolute(lower), absolute(upper))
    return try wholeShape(wholeSteps(upper - lower, spacing: spacing, reach: reach))
  }

  /// Steps that fit into an extent, and those that only rounding keeps from fitting.
  ///
  /// - Parameter reach: the largest numbers that the extent was worked out from.
  private static func wholeSteps(_ extent: Vector3, spacing: Vector3, reach: Vector3) -> Vector3 {
    (extent / spacing + (1e-9 + roundingError(reach: reach, spacing: spacing))).rounded(.down)
  }

  /// The largest numbers that occur when a view's corners are taken to the world.
  private static func largestNumber(in stack: StackProperties, affine: AffineMap) -> Vector3 {
    affine.reach(of: absolute(stack.origin) + Vector3(stack.shape) * stack.spacing) + absolute(affine.translation)
  }

  private static func wholeShape(_ cells: Vector3) throws(GeometryError) -> Index3 {
    var shape = Index3(repeating: 1)
    for i in 0..<3 {
      guard cells[i] < 1e15 else {
        throw .unsupported("the output would have \(cells[i]) voxels along \(Axis.space[i])")
      }
      shape[i] = Int(cells[i]) + 1
    }
    return shape
  }
}
