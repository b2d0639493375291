/// What blocks cost, in nanoseconds of one core of one machine: for the time that a job takes where nobody knows better, and
/// for equal shares of tasks, where only the proportions matter.
package enum MeasuredCosts {
  /// Measured with `Benchmarks/cluster.py costs`, for views that are shifted; rotated ones come to the same.
  package static let perBlock = 150_000.0
  package static let perVoxel = 15.0
  package static func perViewVoxel(order: Int) -> Double { order < 2 ? 12 : perSplineVoxel[min(order, 5) - 2] }
  /// With an order of interpolation from 2 to 5; measured with `Benchmarks/splines.py`.
  private static let perSplineVoxel = [17.0, 19, 25, 30]
  /// With content-based weights, where views overlap.
  package static let perContentVoxel = 170.0
  /// The cost of a block and of a voxel of the pyramid; a voxel with reading the eight below, where there are any.
  package static let (perMeanBlock, perMeanVoxel) = (230_000.0, 50.0)
  /// That no view meets, in a brick that one does; all others are settled at once.
  package static let perEmptyBlock = 40_000.0
}
