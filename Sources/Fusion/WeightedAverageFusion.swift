import CKernels
import Geometry
import Memory

/// The mean of the views, weighted by blending weights, and by fusion weights if there are any.
public struct WeightedAverageFusion: ContentFusion {
  public static let name = "weighted_average_fusion"
  public var usesFusionWeights: Bool { true }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  func combine<S: RowArithmetic>(_ row: SampledRow<S>) {
    let (count, scratch) = (row.count, row.scratch)
    let (sum, weightSum, value, weight) = (scratch.result, scratch.weightSum, scratch.value, scratch.weight)
    // sums of ones stay whole, and the mean of the weights comes last
    var isPlain = true
    for (place, view) in row.views.enumerated() {
      row.sample(view, into: place == 0 ? sum : value)
      let hasWeights = row.weigh(view, into: weight)
      if place == 0 {
        if hasWeights {
          isPlain = false
          for i in 0..<count {
            weightSum[i] = S(weight[i])
            sum[i] = weightSum[i] * sum[i]
          }
        }
        continue
      }
      if hasWeights {
        if isPlain {
          weightSum.update(repeating: S(place), count: count)
          isPlain = false
        }
        for i in 0..<count {
          sum[i] = sum[i] + S(weight[i]) * value[i]
          weightSum[i] = weightSum[i] + S(weight[i])
        }
      } else if isPlain {
        for i in 0..<count { sum[i] = sum[i] + value[i] }
      } else {
        for i in 0..<count {
          sum[i] = sum[i] + value[i]
          weightSum[i] = weightSum[i] + 1
        }
      }
    }
    if isPlain {
      let all = S(row.viewCount)
      for i in 0..<count { sum[i] = sum[i] / all }
    } else {
      for i in 0..<count { sum[i] = sum[i] / weightSum[i] }
    }
  }

  func combine<S: FusionScalar>(_ row: ValueRow<S>) { row.takeMean() }

  var planeKernel: PlaneKernel? { averageShifted }

  private func averageShifted(_ views: [ck_shifted_view], _ plane: PlaneTarget, _ room: ScratchBuffer) {
    let certain = BlendingRamp.certainDistance
    let numbers = room.reserve(Float.self, count: Self.planeNumberCount(width: plane.count, views: views.count))
    if plane.type == .uint8 {
      ck_average_u8(
        views, views.count, certain, plane.rowCount, plane.count, plane.voxels.assumingMemoryBound(to: UInt8.self),
        plane.rowByteCount, numbers)
    } else {
      ck_average_u16(
        views, views.count, certain, plane.rowCount, plane.count, plane.voxels.assumingMemoryBound(to: UInt16.self),
        plane.rowByteCount / 2, numbers)
    }
  }

  /// The numbers that `ck_average` works in.
  static func planeNumberCount(width: Int, views: Int) -> Int { (2 * views + 4) * (width + 1) }

  // MARK: with fusion weights

  /// The sum over the views is divided by twice: each kind of weight is normalised by itself. NaN is left where no view has a
  /// value.
  func combine<S: RowArithmetic>(_ row: ContentRow<S>) {
    let (count, scratch, contents) = (row.row.count, row.row.scratch, row.contents)
    let views = row.row.views
    let (blendTotal, contentTotal) = (scratch.weight, scratch.bestWeight)
    blendTotal.update(repeating: 0, count: count)
    contentTotal.update(repeating: 0, count: count)
    for (place, view) in views.enumerated() {
      let (values, weights) = (scratch.values[place], scratch.weights[place])
      row.row.sample(view, into: values)
      if !row.row.weigh(view, into: weights) { weights.update(repeating: 1, count: count) }
      if view.mayLackValues {
        for i in 0..<count { weights[i] = values[i] == values[i] ? weights[i] : 0 }
      }
      for i in 0..<count { blendTotal[i] = blendTotal[i] + weights[i] }
      guard let content = contents[place] else { continue }
      for i in 0..<count { contentTotal[i] = contentTotal[i] + (content[i] == content[i] ? content[i] : 0) }
    }
    for i in 0..<count { blendTotal[i] = blendTotal[i] == 0 ? 1 : blendTotal[i] }
    for i in 0..<count { contentTotal[i] = contentTotal[i] == 0 ? 1 : contentTotal[i] }

    let (sum, blended) = (scratch.result, scratch.blended)
    let (weightSum, blendSum) = (scratch.weightSum, scratch.blendSum)
    for numbers in [sum, blended, weightSum, blendSum] { numbers.update(repeating: 0, count: count) }
    for place in 0..<views.count {
      let (values, weights) = (scratch.values[place], scratch.weights[place])
      for i in 0..<count {
        let hasValue = values[i] == values[i]
        let value = hasValue ? values[i] : 0
        let blend = weights[i] / blendTotal[i]
        blended[i] = blended[i] + S(blend) * value
        blendSum[i] = blendSum[i] + S(blend)
        weights[i] = hasValue ? blend : 0
        values[i] = value
      }
      guard let content = contents[place] else { continue }
      for i in 0..<count {
        let weight = weights[i] * (content[i] / contentTotal[i])
        let number = weight == weight ? weight : 0
        sum[i] = sum[i] + S(number) * values[i]
        weightSum[i] = weightSum[i] + S(number)
      }
    }
    // where no view has content, the border alone decides
    for i in 0..<count {
      let byBorder = blendSum[i] > 0 ? blended[i] / blendSum[i] : .nan
      sum[i] = weightSum[i] > 0 ? sum[i] / weightSum[i] : byBorder
    }
    guard views.contains(where: \.mayLackValues) else { return }
    for i in 0..<count where !sum[i].isFinite && blendSum[i] > 0 {
      sum[i] = ExtremeNumbers.mean(count: views.count) { place in
        let (value, blend) = (scratch.values[place][i], scratch.weights[place][i])
        guard weightSum[i] > 0 else { return (value, S(blend)) }
        let number = contents[place].map { blend * ($0[i] / contentTotal[i]) } ?? 0
        return (value, number == number ? S(number) : 0)
      }
    }
  }

  // a user's weights function is given, and gives, whole arrays
  public func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) { average(views, output) }
  public func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) { average(views, output) }

  private func average<S: FusionScalar>(_ views: TransformedViews<S>, _ output: MutableVoxelArray<S>) {
    let count = views.views.count
    let hasFusionWeights = !views.fusionWeights.isEmpty
    let box = output.box
    for z in box.lower[0]..<box.upper[0] {
      for y in box.lower[1]..<box.upper[1] {
        let row = output.row(z: z, y: y)
        for x in box.lower[2]..<box.upper[2] {
          var (sum, weightSum): (S, S) = (0, 0)
          var (blended, blendSum): (S, S) = (0, 0)
          for k in 0..<count {
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
          // where no view has content, the border alone decides
          var mean = weightSum > 0 ? sum / weightSum : blendSum > 0 ? blended / blendSum : .nan
          if !mean.isFinite, blendSum > 0 {
            mean = ExtremeNumbers.mean(count: count) { k in
              let blend = views.blendingWeights[k][z, y, x]
              let weight = weightSum > 0 ? blend * views.fusionWeights[k][z, y, x] : blend
              return (views.values[k][z, y, x], weight == weight ? S(weight) : 0)
            }
          }
          row[x - box.lower[2]] = mean
        }
      }
    }
  }
}
