/// The plain mean of the views that have a value.
public struct SimpleAverageFusion: BuiltinFusion {
  public static let name = "simple_average_fusion"
  public var usesBlendingWeights: Bool { false }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  func combine<S: RowArithmetic>(_ row: SampledRow<S>) {
    let (sum, value) = (row.scratch.result, row.scratch.value)
    for (place, view) in row.views.enumerated() {
      row.sample(view, into: place == 0 ? sum : value)
      if place == 0 { continue }
      for i in 0..<row.count { sum[i] = sum[i] + value[i] }
    }
    let all = S(row.viewCount)
    for i in 0..<row.count { sum[i] = sum[i] / all }
  }

  func combine<S: FusionScalar>(_ row: ValueRow<S>) { row.takeMean() }
}
