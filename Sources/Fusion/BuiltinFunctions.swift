import Geometry

/// The built-in ways to combine views; a job with one of them and no fusion weights goes row by row.
enum FusionMethod: Sendable {
  case weightedAverage, simpleAverage, maximum, first, last, closest
}

/// A built-in function states its method; its `fuse` is the same arithmetic over arrays, for fusion weights.
protocol BuiltinFusion: FusionFunction {
  var method: FusionMethod { get }
}

/// The mean of the views, weighted by blending weights, and by fusion weights where there are any.
public struct WeightedAverageFusion: BuiltinFusion {
  public static let name = "weighted_average_fusion"
  var method: FusionMethod { .weightedAverage }
  public var usesFusionWeights: Bool { true }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  public func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) { average(views, output) }
  public func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) { average(views, output) }

  private func average<S: FusionScalar>(_ views: TransformedViews<S>, _ output: MutableVoxelArray<S>) {
    let count = views.views.count
    let hasFusionWeights = !views.fusionWeights.isEmpty
    forEachRow(of: output) { z, y, x, row in
      for i in 0..<row.count {
        var (sum, weightSum): (S, S) = (0, 0)
        var (blended, blendSum): (S, S) = (0, 0)
        for k in 0..<count {
          let value = views.values[k][z, y, x + i]
          guard value == value else { continue }
          let blend = views.blendingWeights[k][z, y, x + i]
          blended += S(blend) * value
          blendSum += S(blend)
          guard hasFusionWeights else { continue }
          let weight = blend * views.fusionWeights[k][z, y, x + i]
          if weight == weight {
            sum += S(weight) * value
            weightSum += S(weight)
          }
        }
        // where no view has content, the border alone decides
        row[i] = weightSum > 0 ? sum / weightSum : blendSum > 0 ? blended / blendSum : .nan
        guard !row[i].isFinite, blendSum > 0 else { continue }
        row[i] = meanOfExtremes(count: count) { k in
          let blend = views.blendingWeights[k][z, y, x + i]
          let weight = weightSum > 0 ? blend * views.fusionWeights[k][z, y, x + i] : blend
          return (views.values[k][z, y, x + i], weight == weight ? S(weight) : 0)
        }
      }
    }
  }
}

/// The plain mean of the views that have a value.
public struct SimpleAverageFusion: BuiltinFusion {
  public static let name = "simple_average_fusion"
  var method: FusionMethod { .simpleAverage }
  public var usesBlendingWeights: Bool { false }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  public func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) { average(views, output) }
  public func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) { average(views, output) }

  private func average<S: FusionScalar>(_ views: TransformedViews<S>, _ output: MutableVoxelArray<S>) {
    forEachRow(of: output) { z, y, x, row in
      for i in 0..<row.count {
        var (sum, count): (S, Int) = (0, 0)
        for values in views.values {
          let value = values[z, y, x + i]
          if value == value { (sum, count) = (sum + value, count + 1) }
        }
        row[i] = count > 0 ? sum / S(count) : .nan
        guard !row[i].isFinite, count > 0 else { continue }
        row[i] = meanOfExtremes(count: views.values.count) { (views.values[$0][z, y, x + i], 1) }
      }
    }
  }
}

/// The largest value.
public struct MaxFusion: BuiltinFusion {
  public static let name = "max_fusion"
  var method: FusionMethod { .maximum }
  public var usesBlendingWeights: Bool { false }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  public func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) {
    choose(views, output) { _, value, _, best in value > best }
  }
  public func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) {
    choose(views, output) { _, value, _, best in value > best }
  }
}

/// The first view, in the order of the dataset, that has a value.
public struct FirstViewWins: BuiltinFusion {
  public static let name = "first_view_wins"
  var method: FusionMethod { .first }
  public var usesBlendingWeights: Bool { false }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  public func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) {
    choose(views, output) { _, _, _, _ in false }
  }
  public func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) {
    choose(views, output) { _, _, _, _ in false }
  }
}

/// The last view, in the order of the dataset, that has a value.
public struct LastViewWins: BuiltinFusion {
  public static let name = "last_view_wins"
  var method: FusionMethod { .last }
  public var usesBlendingWeights: Bool { false }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  public func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) {
    choose(views, output) { _, _, _, _ in true }
  }
  public func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) {
    choose(views, output) { _, _, _, _ in true }
  }
}

/// The view with the largest blending weight; among equals the first.
public struct ClosestViewWins: BuiltinFusion {
  public static let name = "closest_view_wins"
  var method: FusionMethod { .closest }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  public func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) {
    choose(views, output) { weight, _, bestWeight, _ in weight > bestWeight }
  }
  public func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) {
    choose(views, output) { weight, _, bestWeight, _ in weight > bestWeight }
  }
}

@inline(__always)
private func forEachRow<S>(
  of output: MutableVoxelArray<S>, _ body: (_ z: Int, _ y: Int, _ x: Int, UnsafeMutableBufferPointer<S>) -> Void
) {
  for z in output.box.lower[0]..<output.box.upper[0] {
    for y in output.box.lower[1]..<output.box.upper[1] {
      body(z, y, output.box.lower[2], output.row(z: z, y: y))
    }
  }
}

/// One of the values: the first, or a later one that is better.
@inline(__always)
private func choose<S: FusionScalar>(
  _ views: TransformedViews<S>, _ output: MutableVoxelArray<S>,
  isBetter: (_ weight: Float, _ value: S, _ bestWeight: Float, _ best: S) -> Bool
) {
  forEachRow(of: output) { z, y, x, row in
    for i in 0..<row.count {
      var (best, bestWeight): (S, Float) = (.nan, 0)
      for k in 0..<views.views.count {
        let value = views.values[k][z, y, x + i]
        guard value == value else { continue }
        let weight = views.blendingWeights.isEmpty ? 0 : views.blendingWeights[k][z, y, x + i]
        if best != best || isBetter(weight, value, bestWeight, best) { (best, bestWeight) = (value, weight) }
      }
      row[i] = best
    }
  }
}
