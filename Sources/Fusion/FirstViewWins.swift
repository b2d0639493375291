/// The first view, in the order of the dataset, that has a value.
public struct FirstViewWins: BuiltinFusion {
  public static let name = "first_view_wins"
  public var usesBlendingWeights: Bool { false }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  func decider(among count: Int) -> Int? { 0 }

  func combine<S: RowArithmetic>(_ row: SampledRow<S>) { row.sample(row.views[0], into: row.scratch.result) }

  func combine<S: FusionScalar>(_ row: ValueRow<S>) { row.takeBest { _, _, _ in false } }
}
