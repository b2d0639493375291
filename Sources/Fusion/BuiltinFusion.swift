import CKernels
import Geometry
import Memory

/// A built-in way to combine views, row by row: without a resampled copy of each view.
///
/// A function has a kernel for rows in which all views have values, and one for rows in which values may be missing. One
/// generic method each, `func combine<S: RowArithmetic>(_ row: …)`, serves both precisions. A new function is a type in a file
/// of its own and a line in `FusionRegistry.builtinFusions`.
protocol BuiltinFusion: FusionFunction {
  /// Combines views that all have values: fast, whole rows at a time.
  func combine(_ row: SampledRow<Float>)
  func combine(_ row: SampledRow<Double>)

  /// Combines views of which some may have no value: the same arithmetic, voxel by voxel.
  func combine(_ row: ValueRow<Float>)
  func combine(_ row: ValueRow<Double>)

  /// The place of the view that alone decides voxels at which `count` views have values, if it is the same one whatever the
  /// values are.
  ///
  /// - Parameter rank: the rank of the view at a place.
  func decider(among count: Int, rank: (_ place: Int) -> Int) -> Int?

  /// Whether it looks at the ranks of views.
  var usesRanks: Bool { get }

  /// Combines many rows at once of views that are shifted; nil without such a kernel.
  var planeKernel: PlaneKernel? { get }
}

/// Combines many rows at once of views that are shifted, and stores them. Images are of 8 or 16 bits without sign.
typealias PlaneKernel = (_ views: [ck_shifted_view], _ plane: PlaneTarget, _ room: ScratchBuffer) -> Void

/// Rows of a plane of the output, or a stretch of each: voxels of the output's type.
struct PlaneTarget {
  let type: ElementType
  let rowCount: Int
  /// Voxels of a row.
  let count: Int
  let voxels: UnsafeMutableRawPointer
  let rowByteCount: Int
}

/// A built-in function that can also combine by content weights, row by row.
protocol ContentFusion: BuiltinFusion {
  func combine(_ row: ContentRow<Float>)
  func combine(_ row: ContentRow<Double>)
}

extension BuiltinFusion {
  func decider(among count: Int, rank: (_ place: Int) -> Int) -> Int? { nil }
  var usesRanks: Bool { false }
  var planeKernel: PlaneKernel? { nil }

  // what makes a built-in function a `FusionFunction`: a user's function may call it
  public func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) {
    forEachRow(of: views, output, combine)
  }
  public func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) {
    forEachRow(of: views, output, combine)
  }

  private func forEachRow<S: FusionScalar>(
    of views: TransformedViews<S>, _ output: MutableVoxelArray<S>, _ body: (ValueRow<S>) -> Void
  ) {
    let box = output.box
    // they are there if the user's function asked for them
    let weights = usesBlendingWeights ? views.blendingWeights : []
    let ranks = usesRanks ? views.views.map(\.rank) : []
    for z in box.lower[0]..<box.upper[0] {
      for y in box.lower[1]..<box.upper[1] {
        let x = box.lower[2]..<box.upper[2]
        guard let result = output.row(z: z, y: y).baseAddress else { continue }
        body(
          ValueRow(
            count: x.count, viewCount: views.views.count,
            values: views.values.compactMap { $0.row(z: z, y: y, x: x).baseAddress },
            weights: weights.compactMap { $0.row(z: z, y: y, x: x).baseAddress }, ranks: ranks, result: result))
      }
    }
  }
}
