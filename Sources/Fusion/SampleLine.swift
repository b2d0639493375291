import CKernels
import Geometry

/// The view's pixel coordinates along a row of the output: `start + slope * x`, in the order z, y, x.
struct SampleLine {
  let start: Vector3
  let slope: Vector3
  /// The longest axis of the view.
  let length: Int

  func place(_ x: Int) -> Vector3 { start + slope * Double(x) }
}

extension SampleLine {
  /// The same line, as the kernels in C take it.
  var kernelLine: ck_line {
    ck_line(start: (start[0], start[1], start[2]), slope: (slope[0], slope[1], slope[2]))
  }
}

extension SampleLine {
  /// The line with the same added to its coordinates.
  func raised(_ up: Double) -> SampleLine {
    up == 0 ? self : SampleLine(start: start + up, slope: slope, length: length)
  }

  /// The line without its z, in the first plane of a patch.
  func withoutZ(_ patch: Box3) -> SampleLine {
    var (start, slope) = (start, slope)
    (start[0], slope[0]) = (Double(patch.lower[0]), 0)
    return SampleLine(start: start, slope: slope, length: length)
  }
}
