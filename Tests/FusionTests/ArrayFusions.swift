import Fusion
import Geometry

// The built-in functions once more, as a user would write them: over whole arrays, voxel by voxel, with the views resampled
// before. What the rows of the built-in functions give is compared with what these give.

/// The names of the built-in functions as array functions.
func arrayName(of builtin: String) -> String { "array_" + builtin }

/// The built-in functions and the array functions.
func registryWithArrays() throws -> FusionRegistry {
  var registry = FusionRegistry.builtin
  try registry.register(ArrayAverage.self)
  try registry.register(ArraySimpleAverage.self)
  try registry.register(ArrayMax.self)
  try registry.register(ArrayMin.self)
  try registry.register(ArrayMedian.self)
  try registry.register(ArrayFirst.self)
  try registry.register(ArrayLast.self)
  try registry.register(ArrayClosest.self)
  return registry
}

/// The mean, weighted by blending weights, and by fusion weights if there are any; the border alone where no view has content.
private struct ArrayAverage: FusionFunction {
  static let name = "array_weighted_average_fusion"
  let usesFusionWeights = true

  init(arguments: FunctionArguments) throws(FusionError) {}

  func fuse<S: FusionScalar>(_ views: TransformedViews<S>, into output: MutableVoxelArray<S>) {
    let hasFusionWeights = !views.fusionWeights.isEmpty
    forEachVoxel(of: output) { z, y, x in
      var (sum, weightSum): (S, S) = (0, 0)
      var (blended, blendSum): (S, S) = (0, 0)
      for k in views.views.indices {
        let value = views.values[k][z, y, x]
        guard value == value else { continue }
        let blend = views.blendingWeights[k][z, y, x]
        blended += S(blend) * value
        blendSum += S(blend)
        guard hasFusionWeights else { continue }
        let weight = blend * views.fusionWeights[k][z, y, x]
        if weight == weight {
          sum += S(weight) * value
          weightSum += S(weight)
        }
      }
      return weightSum > 0 ? sum / weightSum : blendSum > 0 ? blended / blendSum : .nan
    }
  }
}

private struct ArraySimpleAverage: FusionFunction {
  static let name = "array_simple_average_fusion"
  let usesBlendingWeights = false

  init(arguments: FunctionArguments) throws(FusionError) {}

  func fuse<S: FusionScalar>(_ views: TransformedViews<S>, into output: MutableVoxelArray<S>) {
    forEachVoxel(of: output) { z, y, x in
      var (sum, count): (S, Int) = (0, 0)
      for values in views.values {
        let value = values[z, y, x]
        if value == value { (sum, count) = (sum + value, count + 1) }
      }
      return count > 0 ? sum / S(count) : .nan
    }
  }
}

private struct ArrayMax: FusionFunction {
  static let name = "array_max_fusion"
  let usesBlendingWeights = false

  init(arguments: FunctionArguments) throws(FusionError) {}

  func fuse<S: FusionScalar>(_ views: TransformedViews<S>, into output: MutableVoxelArray<S>) {
    choose(views, output) { _, value, _, best in value > best }
  }
}

private struct ArrayMin: FusionFunction {
  static let name = "array_min_fusion"
  let usesBlendingWeights = false

  init(arguments: FunctionArguments) throws(FusionError) {}

  func fuse<S: FusionScalar>(_ views: TransformedViews<S>, into output: MutableVoxelArray<S>) {
    choose(views, output) { _, value, _, best in value < best }
  }
}

private struct ArrayMedian: FusionFunction {
  static let name = "array_median_fusion"
  let usesBlendingWeights = false

  init(arguments: FunctionArguments) throws(FusionError) {}

  func fuse<S: FusionScalar>(_ views: TransformedViews<S>, into output: MutableVoxelArray<S>) {
    forEachVoxel(of: output) { z, y, x in
      let sorted = views.values.map { $0[z, y, x] }.filter { $0 == $0 }.sorted()
      guard !sorted.isEmpty else { return .nan }
      return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
  }
}

private struct ArrayFirst: FusionFunction {
  static let name = "array_first_view_wins"
  let usesBlendingWeights = false

  init(arguments: FunctionArguments) throws(FusionError) {}

  func fuse<S: FusionScalar>(_ views: TransformedViews<S>, into output: MutableVoxelArray<S>) {
    choose(views, output) { _, _, _, _ in false }
  }
}

private struct ArrayLast: FusionFunction {
  static let name = "array_last_view_wins"
  let usesBlendingWeights = false

  init(arguments: FunctionArguments) throws(FusionError) {}

  func fuse<S: FusionScalar>(_ views: TransformedViews<S>, into output: MutableVoxelArray<S>) {
    choose(views, output) { _, _, _, _ in true }
  }
}

private struct ArrayClosest: FusionFunction {
  static let name = "array_closest_view_wins"

  init(arguments: FunctionArguments) throws(FusionError) {}

  func fuse<S: FusionScalar>(_ views: TransformedViews<S>, into output: MutableVoxelArray<S>) {
    choose(views, output) { weight, _, bestWeight, _ in weight > bestWeight }
  }
}

private func forEachVoxel<S>(of output: MutableVoxelArray<S>, _ value: (_ z: Int, _ y: Int, _ x: Int) -> S) {
  for z in output.box.lower[0]..<output.box.upper[0] {
    for y in output.box.lower[1]..<output.box.upper[1] {
      for x in output.box.lower[2]..<output.box.upper[2] { output[z, y, x] = value(z, y, x) }
    }
  }
}

/// One of the values: the first, or a later one that is better.
private func choose<S: FusionScalar>(
  _ views: TransformedViews<S>, _ output: MutableVoxelArray<S>,
  isBetter: (_ weight: Float, _ value: S, _ bestWeight: Float, _ best: S) -> Bool
) {
  forEachVoxel(of: output) { z, y, x in
    var (best, bestWeight): (S, Float) = (.nan, 0)
    for k in views.views.indices {
      let value = views.values[k][z, y, x]
      guard value == value else { continue }
      let weight = views.blendingWeights.isEmpty ? 0 : views.blendingWeights[k][z, y, x]
      if best != best || isBetter(weight, value, bestWeight, best) { (best, bestWeight) = (value, weight) }
    }
    return best
  }
}
