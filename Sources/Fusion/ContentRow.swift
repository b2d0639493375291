/// A stretch of one row in which several views have samples and content weights have a say.
struct ContentRow<S: RowArithmetic> {
  let row: SampledRow<S>
  /// The content weights of each view, not normalised; NaN is none, and nil is none in the whole row.
  let contents: [UnsafePointer<Float>?]
}
