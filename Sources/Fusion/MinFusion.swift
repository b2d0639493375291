/// The smallest value.
public struct MinFusion: BuiltinFusion {
  public static let name = "min_fusion"
  public var usesBlendingWeights: Bool { false }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  func combine<S: RowArithmetic>(_ row: SampledRow<S>) {
    let (best, value) = (row.scratch.result, row.scratch.value)
    for (place, view) in row.views.enumerated() {
      row.sample(view, into: place == 0 ? best : value)
      if place == 0 { continue }
      for i in 0..<row.count { best[i] = value[i] < best[i] ? value[i] : best[i] }
    }
  }

  func combine<S: FusionScalar>(_ row: ValueRow<S>) {
    row.takeBest { place, best, i in row.isLarger(best, than: place, i) }
  }
}
