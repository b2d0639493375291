import BlockfuseKit

/// The smallest value of all views, `--fusion-func minimum_fusion`: for shadows instead of light.
///
/// With `percent` below 100 it is mixed with the mean: `--fusion-func-kwargs percent=80`.
struct MinimumFusion: FusionFunction {
  static let name = "minimum_fusion"
  let usesBlendingWeights = false
  private let part: Double

  init(arguments: FunctionArguments) throws(FusionError) {
    part = try arguments.number("percent", default: 100, of: Self.name) / 100
    guard (0...1).contains(part) else {
      throw .invalidArgument(function: Self.name, name: "percent", why: "it must be from 0 to 100")
    }
    try arguments.finish(knowing: ["percent"], of: Self.name)
  }

  func fuse(_ views: TransformedViews<Float>, into output: MutableVoxelArray<Float>) { combine(views, output) }
  func fuse(_ views: TransformedViews<Double>, into output: MutableVoxelArray<Double>) { combine(views, output) }

  private func combine<S: FusionScalar>(_ views: TransformedViews<S>, _ output: MutableVoxelArray<S>) {
    for z in output.box.lower[0]..<output.box.upper[0] {
      for y in output.box.lower[1]..<output.box.upper[1] {
        let row = output.row(z: z, y: y)
        for i in row.indices {
          var (least, sum, count): (S, S, S) = (.infinity, 0, 0)
          for values in views.values {
            let value = values[z, y, output.box.lower[2] + i]
            // NaN marks where a view has no value
            guard value == value else { continue }
            (least, sum, count) = (min(least, value), sum + value, count + 1)
          }
          row[i] = count == 0 ? .nan : least * S(part) + sum / count * S(1 - part)
        }
      }
    }
  }
}
