/// The first view that has a value: in the order of the argument `order`, names of views; those that it leaves out come after,
/// in the order of the dataset.
public struct FirstViewWins: BuiltinFusion {
  public static let name = "first_view_wins"
  public let viewOrder: [String]
  public var usesBlendingWeights: Bool { false }
  var usesRanks: Bool { !viewOrder.isEmpty }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: ["order"], of: Self.name)
    viewOrder = try arguments.names("order", of: Self.name)
  }

  func decider(among count: Int, rank: (_ place: Int) -> Int) -> Int? {
    usesRanks ? (0..<count).min { rank($0) < rank($1) } : 0
  }

  func combine<S: RowArithmetic>(_ row: SampledRow<S>) {
    let place = decider(among: row.viewCount) { row.views[$0].view.rank } ?? 0
    row.sample(row.views[place], into: row.scratch.result)
  }

  func combine<S: FusionScalar>(_ row: ValueRow<S>) {
    row.takeBest { place, best, _ in !row.ranks.isEmpty && row.ranks[place] < row.ranks[best] }
  }
}
