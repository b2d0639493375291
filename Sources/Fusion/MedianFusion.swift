/// The median: the middle one of the values that are there, or the mean of the two in the middle.
public struct MedianFusion: BuiltinFusion {
  public static let name = "median_fusion"
  public var usesBlendingWeights: Bool { false }

  public init(arguments: FunctionArguments) throws(FusionError) {
    try arguments.finish(knowing: [], of: Self.name)
  }

  func combine<S: RowArithmetic>(_ row: SampledRow<S>) { combine(row.values(of: self)) }

  func combine<S: FusionScalar>(_ row: ValueRow<S>) { row.takeMedian() }
}
