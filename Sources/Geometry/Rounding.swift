/// What rounding does to a place that is worked out from numbers as large as `reach`, in steps of `spacing`.
///
/// Far from the origin a `Double` has few digits left for parts of a voxel: at 66 mm, neighbouring numbers are 4e-9 of a
/// 4 nm voxel apart. A place takes some ten operations, each off by up to half of that.
func roundingError(reach: Vector3, spacing: Vector3) -> Vector3 {
  var error = Vector3.zero
  for axis in 0..<3 {
    // where it is more than a hundredth of a step, no tolerance would be any help
    error[axis] = min(8 * reach[axis].ulp / spacing[axis].magnitude, 0.01)
  }
  return error
}

func absolute(_ v: Vector3) -> Vector3 { Vector3(v[0].magnitude, v[1].magnitude, v[2].magnitude) }
