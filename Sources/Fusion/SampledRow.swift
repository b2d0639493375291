/// A stretch of one row of the output in which the same views have samples, and rows to work in. A function asks for the
/// samples and weights of one view after the other, while they are in the nearest cache.
struct SampledRow<S: RowArithmetic> {
  let stretch: Stretch<S>
  let z: Int
  let y: Int
  let scratch: RowScratch<S>

  var count: Int { stretch.range.count }
  var viewCount: Int { stretch.samplers.count }
  /// The views, in ascending order of their ids.
  var views: [ViewSampler<S>] { stretch.samplers }

  /// Writes the `count` samples of a view.
  @inline(__always)
  func sample(_ view: ViewSampler<S>, into target: UnsafeMutablePointer<S>) {
    view.sample(z: z, y: y, x: stretch.range, into: target)
  }

  /// Writes the blending weights of a view. Returns false, and writes nothing, if all are 1.
  @inline(__always)
  func weigh(_ view: ViewSampler<S>, into target: UnsafeMutablePointer<Float>) -> Bool {
    view.weigh(z: z, y: y, x: stretch.range, into: target)
  }

  /// The integer of 64 bits that a sample of a view is, if it is a voxel itself.
  func storedInteger(_ place: Int, _ i: Int) -> Int128? {
    stretch.samplers[place].storedInteger(z: z, y: y, x: stretch.range.lowerBound + i)
  }

  /// The row with the values of all views, which are written into the rows of the scratch.
  ///
  /// - Parameters:
  ///   - function: says whether blending weights are needed, and the ranks of views.
  ///   - decided: if given, takes the place of the view whose value each result is, and integers of 64 bits count as stored.
  func values(of function: any BuiltinFusion, decided: UnsafeMutablePointer<Int32>? = nil) -> ValueRow<S> {
    let weighed = function.usesBlendingWeights
    for (place, view) in views.enumerated() {
      sample(view, into: scratch.values[place])
      if weighed && !weigh(view, into: scratch.weights[place]) {
        scratch.weights[place].update(repeating: 1, count: count)
      }
    }
    return ValueRow(
      count: count, viewCount: viewCount, values: scratch.constValues, weights: weighed ? scratch.constWeights : [],
      ranks: function.usesRanks ? views.map(\.view.rank) : [], result: scratch.result, decided: decided,
      storedInteger: decided == nil ? nil : { storedInteger($0, $1) })
  }
}
