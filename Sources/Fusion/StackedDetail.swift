import Geometry

/// A view's numbers from a resampled copy of it, for a detail filter.
struct StackedDetail<S: FusionScalar>: DetailSource {
  let values: VoxelArray<S>
  let blending: VoxelArray<Float>

  private func hasNumber(_ value: S, _ weight: Float) -> Bool {
    Float(value).isFinite && weight >= ContentBasedWeights.leastBlending
  }

  func row(
    z: Int, y: Int, x: Range<Int>, values target: UnsafeMutablePointer<Float>, mask: UnsafeMutablePointer<Float>
  ) -> DetailRow {
    let (row, weights) = (values.row(z: z, y: y, x: x), blending.row(z: z, y: y, x: x))
    for i in 0..<x.count { target[i] = hasNumber(row[i], weights[i]) ? Float(row[i]) : 0 }
    return DetailRow.marking(count: x.count, mask) { hasNumber(row[$0], weights[$0]) }
  }

  /// The box outside which the view has no numbers.
  var bounds: Box3 {
    let box = values.box
    var (lower, upper) = (box.upper, box.lower)
    for z in box.lower[0]..<box.upper[0] {
      for y in box.lower[1]..<box.upper[1] {
        let (row, weights) = (values.row(z: z, y: y), blending.row(z: z, y: y))
        func isThere(_ i: Int) -> Bool { hasNumber(row[i], weights[i]) }
        guard let first = row.indices.first(where: isThere), let last = row.indices.last(where: isThere) else {
          continue
        }
        lower = pointwiseMin(lower, Index3(z, y, box.lower[2] + first))
        upper = pointwiseMax(upper, Index3(z + 1, y + 1, box.lower[2] + last + 1))
      }
    }
    return Box3(lower: lower, upper: upper)
  }
}
