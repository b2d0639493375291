/// Samples of one view, row by row, from the voxels of a patch: a type for each way to take them.
///
/// | type | maps | samples |
/// |---|---|---|
/// | `SeparableSampler` | axes do not mix | both kinds |
/// | `PlaneSampler` | y and x mix, z does not | linear |
/// | `VolumeSampler` | all others | linear |
/// | `NearestSampler` | axes mix | nearest |
/// | `SplineSampler` | all | B-splines |
///
/// `ViewSampler` chooses between them, and calls the type that it chose: a call through the protocol would run loops that
/// are compiled for no precision in particular, and are many times slower.
protocol RowSampler<Scalar> {
  associatedtype Scalar: RowArithmetic

  /// Writes the samples of output x in `range`, which lies in the row's interval. NaN is no value.
  func sample(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<Scalar>)
}
