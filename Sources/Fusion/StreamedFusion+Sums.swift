import Geometry

/// A stretch of a row where all values are there: whole rows at a time, one view after the other, in ascending order.
extension StreamedFusion {
  func sumWeighted(
    _ involved: [Int], _ z: Int, _ y: Int, _ range: Range<Int>, _ views: [ViewRows<S>], _ scratch: RowScratch<S>
  ) {
    let count = range.count
    let (sum, weightSum, value, weight) = (scratch.sum, scratch.weightSum, scratch.value, scratch.weight)
    // sums of ones stay whole, and the mean of the weights comes last
    var isPlain = true
    for (place, k) in involved.enumerated() {
      views[k].sample(z: z, y: y, x: range, into: place == 0 ? sum : value)
      let hasWeights = views[k].weigh(z: z, y: y, x: range, into: weight)
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
      let all = S(involved.count)
      for i in 0..<count { sum[i] = sum[i] / all }
    } else {
      for i in 0..<count { sum[i] = sum[i] / weightSum[i] }
    }
  }

  func sumPlain(
    _ involved: [Int], _ z: Int, _ y: Int, _ range: Range<Int>, _ views: [ViewRows<S>], _ scratch: RowScratch<S>
  ) {
    let (sum, value) = (scratch.sum, scratch.value)
    views[involved[0]].sample(z: z, y: y, x: range, into: sum)
    for k in involved.dropFirst() {
      views[k].sample(z: z, y: y, x: range, into: value)
      for i in 0..<range.count { sum[i] = sum[i] + value[i] }
    }
    let all = S(involved.count)
    for i in 0..<range.count { sum[i] = sum[i] / all }
  }

  func takeLargest(
    _ involved: [Int], _ z: Int, _ y: Int, _ range: Range<Int>, _ views: [ViewRows<S>], _ scratch: RowScratch<S>
  ) {
    let (best, value) = (scratch.sum, scratch.value)
    views[involved[0]].sample(z: z, y: y, x: range, into: best)
    for k in involved.dropFirst() {
      views[k].sample(z: z, y: y, x: range, into: value)
      for i in 0..<range.count { best[i] = value[i] > best[i] ? value[i] : best[i] }
    }
  }

  func takeClosest(
    _ involved: [Int], _ z: Int, _ y: Int, _ range: Range<Int>, _ views: [ViewRows<S>], _ scratch: RowScratch<S>
  ) {
    let count = range.count
    let (best, bestWeight, value, weight) = (scratch.sum, scratch.bestWeight, scratch.value, scratch.weight)
    for (place, k) in involved.enumerated() {
      views[k].sample(z: z, y: y, x: range, into: place == 0 ? best : value)
      let weights = place == 0 ? bestWeight : weight
      if !views[k].weigh(z: z, y: y, x: range, into: weights) { weights.update(repeating: 1, count: count) }
      if place == 0 { continue }
      for i in 0..<count {
        let isCloser = weight[i] > bestWeight[i]
        best[i] = isCloser ? value[i] : best[i]
        bestWeight[i] = isCloser ? weight[i] : bestWeight[i]
      }
    }
  }
}
