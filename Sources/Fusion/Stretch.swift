/// A part of the rows of a plane in which the same views have samples, and the way in which it is made.
final class Stretch<S: RowArithmetic> {
  /// Output x.
  let range: Range<Int>
  /// The views that have samples, in ascending order of their ids.
  let samplers: [ViewSampler<S>]
  /// The content weights of each view; empty if they have no say.
  let content: [VoxelArray<Float>?]
  let way: StretchWay
  /// Whether many rows are made at once.
  let makesManyRows: Bool

  init(range: Range<Int>, samplers: [ViewSampler<S>], content: [VoxelArray<Float>?], way: StretchWay) {
    (self.range, self.samplers, self.content, self.way) = (range, samplers, content, way)
    switch way {
    case .stored, .planes: makesManyRows = true
    default: makesManyRows = false
    }
  }
}

/// A way to make a stretch of rows.
enum StretchWay {
  /// Zeros: no view has samples.
  case empty
  /// Many rows at once, by the view that alone decides the stretch.
  case stored(ShiftedPlanes)
  /// Many rows at once, by a function's plane kernel.
  case planes([ShiftedPlanes], PlaneKernel)
  /// Row by row, by the view at this place, which alone decides the stretch.
  case single(Int)
  /// Row by row, by blending weights and content weights.
  case content
  /// Row by row; all views have values.
  case samples
  /// Row by row; values may be missing, or integers of 64 bits be lost.
  case values
}
