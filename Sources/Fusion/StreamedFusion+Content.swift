import Geometry

/// A stretch of a row where content weights have a say: the arithmetic of `WeightedAverageFusion`, row by row.
extension StreamedFusion {
  /// Leaves NaN where no view has a value.
  func sumByContent(
    _ involved: [Int], _ z: Int, _ y: Int, _ range: Range<Int>, _ views: [ViewRows<S>],
    _ content: [VoxelArray<Float>?], _ scratch: RowScratch<S>
  ) {
    let count = range.count
    let (blendTotal, contentTotal) = (scratch.weight, scratch.bestWeight)
    blendTotal.update(repeating: 0, count: count)
    contentTotal.update(repeating: 0, count: count)
    let contents = involved.map { content[$0]?.row(z: z, y: y, x: range) }
    for (place, k) in involved.enumerated() {
      let (values, weights) = (scratch.values(place), scratch.weights(place))
      views[k].sample(z: z, y: y, x: range, into: values)
      if !views[k].weigh(z: z, y: y, x: range, into: weights) { weights.update(repeating: 1, count: count) }
      if views[k].mayLackValues {
        for i in 0..<count { weights[i] = values[i] == values[i] ? weights[i] : 0 }
      }
      for i in 0..<count { blendTotal[i] = blendTotal[i] + weights[i] }
      guard let row = contents[place]?.baseAddress else { continue }
      for i in 0..<count { contentTotal[i] = contentTotal[i] + (row[i] == row[i] ? row[i] : 0) }
    }
    for i in 0..<count { blendTotal[i] = blendTotal[i] == 0 ? 1 : blendTotal[i] }
    for i in 0..<count { contentTotal[i] = contentTotal[i] == 0 ? 1 : contentTotal[i] }

    let (sum, blended) = (scratch.sum, scratch.blended)
    let (weightSum, blendSum) = (scratch.weightSum, scratch.blendSum)
    for numbers in [sum, blended, weightSum, blendSum] { numbers.update(repeating: 0, count: count) }
    for place in 0..<involved.count {
      let (values, weights) = (scratch.values(place), scratch.weights(place))
      for i in 0..<count {
        let hasValue = values[i] == values[i]
        let value = hasValue ? values[i] : 0
        let blend = weights[i] / blendTotal[i]
        blended[i] = blended[i] + S(blend) * value
        blendSum[i] = blendSum[i] + S(blend)
        weights[i] = hasValue ? blend : 0
        values[i] = value
      }
      guard let row = contents[place]?.baseAddress else { continue }
      for i in 0..<count {
        let weight = weights[i] * (row[i] / contentTotal[i])
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
    guard involved.contains(where: { views[$0].mayLackValues }) else { return }
    for i in 0..<count where !sum[i].isFinite && blendSum[i] > 0 {
      sum[i] = meanOfExtremes(count: involved.count) { place in
        let (value, blend) = (scratch.values(place)[i], scratch.weights(place)[i])
        guard weightSum[i] > 0 else { return (value, S(blend)) }
        let number = contents[place].map { blend * ($0[i] / contentTotal[i]) } ?? 0
        return (value, number == number ? S(number) : 0)
      }
    }
  }
}
