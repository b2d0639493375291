/// The view with the largest blending weight; among equals the first.
public struct ClosestViewWins: BuiltinFusion {
  public static let name = "closest_view_wins"

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  func combine<S: RowArithmetic>(_ row: SampledRow<S>) {
    let (count, scratch) = (row.count, row.scratch)
    let (best, bestWeight, value, weight) = (scratch.result, scratch.bestWeight, scratch.value, scratch.weight)
    for (place, view) in row.views.enumerated() {
      row.sample(view, into: place == 0 ? best : value)
      let weights = place == 0 ? bestWeight : weight
      if !row.weigh(view, into: weights) { weights.update(repeating: 1, count: count) }
      if place == 0 { continue }
      for i in 0..<count {
        let isCloser = weight[i] > bestWeight[i]
        best[i] = isCloser ? value[i] : best[i]
        bestWeight[i] = isCloser ? weight[i] : bestWeight[i]
      }
    }
  }

  func combine<S: FusionScalar>(_ row: ValueRow<S>) {
    row.takeBest { place, best, i in !row.weights.isEmpty && row.weights[place][i] > row.weights[best][i] }
  }
}
