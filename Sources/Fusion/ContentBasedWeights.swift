import Geometry

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `exp(-t²/2)`.
func gaussian(_ t: Double) -> Double { exp(-0.5 * t * t) }

/// How much detail a view has around a voxel: `Gσ2 * (I - Gσ1 * I)²` (Preibisch 2008), each Gaussian renormalised
/// over the voxels that have a value, also beyond the output's faces. A view has none where its normalised blending
/// weight is below 1e-7.
public struct ContentBasedWeights: WeightsFunction {
  public static let name = "content_based"
  public let sigma1: Double
  public let sigma2: Double

  public init(arguments: FunctionArguments) throws(FusionError) {
    sigma1 = try arguments.number("sigma_1", default: 5, of: Self.name)
    sigma2 = try arguments.number("sigma_2", default: 11, of: Self.name)
    for (name, sigma) in [("sigma_1", sigma1), ("sigma_2", sigma2)] where !(sigma >= 0 && sigma <= 1e4) {
      throw .invalidArgument(function: Self.name, name: name, why: "\(sigma) is not a width in voxels")
    }
    try arguments.finish(knowing: ["sigma_1", "sigma_2"], of: Self.name)
  }

  public func halo(in context: FusionContext) -> Index3 {
    let reach = GaussianFilter.radius(sigma: sigma1) + GaussianFilter.radius(sigma: sigma2)
    return Index3(context.blendsZ ? reach : 0, reach, reach)
  }

  public func weigh(_ views: TransformedViews<Float>, into weights: [MutableVoxelArray<Float>]) {
    DetailFilter(self, views.context).weigh(views, into: weights)
  }
  public func weigh(_ views: TransformedViews<Double>, into weights: [MutableVoxelArray<Float>]) {
    DetailFilter(self, views.context).weigh(views, into: weights)
  }

  /// The memory that `weigh` takes for itself, for arrays over `box` and weights over `weightsBox`.
  func scratchByteCount(box: Box3, weightsBox: Box3, context: FusionContext) -> Int {
    let reach = GaussianFilter.radius(sigma: sigma2)
    let detail = weightsBox.grown(by: Index3(context.blendsZ ? reach : 0, reach, reach)).intersection(box)
    return 4 * (2 * box.count + 2 * detail.count) + 2 * GaussianFilter.scratchByteCount(source: box)
  }
}

/// The two Gaussians and their memory, used for one view after the other, and for one block after the other.
final class DetailFilter {
  private static let leastBlending: Float = 1e-7

  private let inner: GaussianFilter
  private let outer: GaussianFilter
  private let context: FusionContext
  private let signal = ScratchBuffer()
  private let mask = ScratchBuffer()
  private let detail = ScratchBuffer()
  private let norm = ScratchBuffer()

  init(_ function: ContentBasedWeights, _ context: FusionContext) {
    inner = GaussianFilter(sigma: function.sigma1, filtersZ: context.blendsZ)
    outer = GaussianFilter(sigma: function.sigma2, filtersZ: context.blendsZ)
    self.context = context
  }

  func weigh<S: FusionScalar>(_ views: TransformedViews<S>, into weights: [MutableVoxelArray<Float>]) {
    for k in 0..<views.views.count {
      weigh(views.values[k], views.blendingWeights[k], least: Self.leastBlending, into: weights[k])
    }
  }

  private func weigh<S: FusionScalar>(
    _ values: VoxelArray<S>, _ blending: VoxelArray<Float>, least: Float, into weights: MutableVoxelArray<Float>
  ) {
    weights.elements.update(repeating: .nan)
    // nothing is needed, and nothing counts, outside the voxels with a value
    let bounds = boundsOfValid(values, blending, least)
    let wanted = weights.box.intersection(bounds)
    if wanted.isEmpty { return }
    let (values1, mask1) = gather(values, blending, least, over: bounds)

    let reach = Index3(context.blendsZ ? outer.radius : 0, outer.radius, outer.radius)
    let middle = wanted.grown(by: reach).intersection(bounds)
    let smooth = detail.reserve(Float.self, count: middle.count)
    let smoothNorm = norm.reserve(Float.self, count: middle.count)
    inner.apply(values1, bounds, into: smooth, middle)
    inner.apply(mask1, bounds, into: smoothNorm, middle)
    forEachRow(of: middle, in: bounds) { at, inBounds, count in
      for i in 0..<count {
        let isValid = mask1[inBounds + i] != 0
        let difference = isValid ? values1[inBounds + i] - smooth[at + i] / smoothNorm[at + i] : 0
        // what rounding leaves of a flat place would be all the content there is
        let isFlat = difference.magnitude <= 2e-6 * values1[inBounds + i].magnitude
        smooth[at + i] = isFlat ? 0 : difference * difference
        smoothNorm[at + i] = isValid ? 1 : 0
      }
    }

    // the first two are free again
    let result = signal.reserve(Float.self, count: wanted.count)
    let resultNorm = mask.reserve(Float.self, count: wanted.count)
    outer.apply(smooth, middle, into: result, wanted)
    outer.apply(smoothNorm, middle, into: resultNorm, wanted)
    forEachRow(of: wanted, in: middle) { at, inMiddle, count in
      let (z, y) = rowPosition(at, wanted)
      let row = weights.row(z: z, y: y)
      let first = wanted.lower[2] - weights.box.lower[2]
      for i in 0..<count where smoothNorm[inMiddle + i] != 0 { row[first + i] = result[at + i] / resultNorm[at + i] }
    }
  }

  private func boundsOfValid<S: FusionScalar>(
    _ values: VoxelArray<S>, _ blending: VoxelArray<Float>, _ least: Float
  ) -> Box3 {
    let box = values.box
    var (lower, upper) = (box.upper, box.lower)
    for z in box.lower[0]..<box.upper[0] {
      for y in box.lower[1]..<box.upper[1] {
        let (row, weights) = (values.row(z: z, y: y), blending.row(z: z, y: y))
        func isValid(_ i: Int) -> Bool { row[i] == row[i] && weights[i] >= least }
        guard let first = row.indices.first(where: isValid), let last = row.indices.last(where: isValid) else {
          continue
        }
        lower = pointwiseMin(lower, Index3(z, y, box.lower[2] + first))
        upper = pointwiseMax(upper, Index3(z + 1, y + 1, box.lower[2] + last + 1))
      }
    }
    return Box3(lower: lower, upper: upper)
  }

  /// The values, 0 where there is none, and ones where there is one.
  private func gather<S: FusionScalar>(
    _ values: VoxelArray<S>, _ blending: VoxelArray<Float>, _ least: Float, over bounds: Box3
  ) -> (UnsafePointer<Float>, UnsafePointer<Float>) {
    let numbers = signal.reserve(Float.self, count: bounds.count)
    let ones = mask.reserve(Float.self, count: bounds.count)
    var at = 0
    let x = bounds.lower[2]..<bounds.upper[2]
    for z in bounds.lower[0]..<bounds.upper[0] {
      for y in bounds.lower[1]..<bounds.upper[1] {
        let (row, weights) = (values.row(z: z, y: y, x: x), blending.row(z: z, y: y, x: x))
        for i in 0..<x.count {
          let isValid = row[i] == row[i] && weights[i] >= least
          numbers[at + i] = isValid ? Float(row[i]) : 0
          ones[at + i] = isValid ? 1 : 0
        }
        at += x.count
      }
    }
    return (UnsafePointer(numbers), UnsafePointer(ones))
  }
}

/// Offsets of the rows of a box in its own array and in that of a box around it.
@inline(__always)
private func forEachRow(of box: Box3, in around: Box3, _ body: (_ at: Int, _ inAround: Int, _ count: Int) -> Void) {
  let (shape, outer) = (box.shape, around.shape)
  let start = box.lower &- around.lower
  for z in 0..<shape[0] {
    for y in 0..<shape[1] {
      body(
        (z * shape[1] + y) * shape[2], ((z + start[0]) * outer[1] + y + start[1]) * outer[2] + start[2], shape[2])
    }
  }
}

private func rowPosition(_ at: Int, _ box: Box3) -> (z: Int, y: Int) {
  let row = at / box.shape[2]
  return (box.lower[0] + row / box.shape[1], box.lower[1] + row % box.shape[1])
}
