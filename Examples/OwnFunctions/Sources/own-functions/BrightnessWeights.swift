import BlockfuseKit

/// Views count by how bright they are around a voxel, `--weights-func brightness`: the mean over a cube of
/// `2 * radius + 1` voxels a side. `--weights-func-kwargs radius=3`.
struct BrightnessWeights: WeightsFunction {
  static let name = "brightness"
  let usesBlendingWeights = false
  private let radius: Int

  init(arguments: FunctionArguments) throws(FusionError) {
    let given = try arguments.number("radius", default: 2, of: Self.name)
    guard given == given.rounded(), (0...50).contains(given) else {
      throw .invalidArgument(function: Self.name, name: "radius", why: "it must be a whole number from 0 to 50")
    }
    radius = Int(given)
    try arguments.finish(knowing: ["radius"], of: Self.name)
  }

  /// The program reads that much around each block, so that no voxel depends on where a block ends.
  func halo(in context: FusionContext) -> Index3 {
    context.blendsZ ? Index3(repeating: radius) : Index3(0, radius, radius)
  }

  func weigh(_ views: TransformedViews<Float>, into weights: [MutableVoxelArray<Float>]) { weigh(all: views, weights) }
  func weigh(_ views: TransformedViews<Double>, into weights: [MutableVoxelArray<Float>]) { weigh(all: views, weights) }

  private func weigh<S: FusionScalar>(all views: TransformedViews<S>, _ weights: [MutableVoxelArray<Float>]) {
    let reach = halo(in: views.context)
    for (values, weight) in zip(views.values, weights) {
      for z in weight.box.lower[0]..<weight.box.upper[0] {
        for y in weight.box.lower[1]..<weight.box.upper[1] {
          for x in weight.box.lower[2]..<weight.box.upper[2] {
            weight[z, y, x] = Float(mean(values, around: Index3(z, y, x), reach: reach))
          }
        }
      }
    }
  }

  /// Of the voxels that have a value; NaN, which is no weight, where none has.
  private func mean<S: FusionScalar>(_ values: VoxelArray<S>, around p: Index3, reach: Index3) -> S {
    var (sum, count): (S, S) = (0, 0)
    for z in (p[0] - reach[0])...(p[0] + reach[0]) {
      for y in (p[1] - reach[1])...(p[1] + reach[1]) {
        for x in (p[2] - reach[2])...(p[2] + reach[2]) {
          let value = values[z, y, x]
          guard value == value else { continue }
          (sum, count) = (sum + value, count + 1)
        }
      }
    }
    return sum / count
  }
}
