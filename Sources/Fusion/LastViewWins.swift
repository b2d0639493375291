/// The last view, in the order of the dataset, that has a value.
public struct LastViewWins: BuiltinFusion {
  public static let name = "last_view_wins"
  public var usesBlendingWeights: Bool { false }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  func decider(among count: Int) -> Int? { count - 1 }

  func combine<S: RowArithmetic>(_ row: SampledRow<S>) { row.sample(row.views[row.viewCount - 1], into: row.scratch.result) }

  func combine<S: FusionScalar>(_ row: ValueRow<S>) { row.takeBest { _, _, _ in true } }
}
