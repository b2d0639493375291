import Geometry

/// How much detail a view has around a voxel: `Gσ2 * (I - Gσ1 * I)²` (Preibisch 2008), each Gaussian renormalised
/// over the voxels that have a value, also beyond the output's faces. A view has none where its normalised blending
/// weight is below 1e-7, and where its value is infinite.
public struct ContentBasedWeights: BuiltinWeights {
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
    let reach = GaussianKernel.radius(sigma: sigma1) + GaussianKernel.radius(sigma: sigma2)
    return Index3(context.blendsZ ? reach : 0, reach, reach)
  }

  public func weigh(_ views: TransformedViews<Float>, into weights: [MutableVoxelArray<Float>]) {
    makeFilter(views.context).weigh(views, into: weights)
  }
  public func weigh(_ views: TransformedViews<Double>, into weights: [MutableVoxelArray<Float>]) {
    makeFilter(views.context).weigh(views, into: weights)
  }

  /// The filter that makes the weights; its memory stays from one view, and one block, to the next.
  func makeFilter(_ context: FusionContext) -> DetailFilter { DetailFilter(sigma1: sigma1, sigma2: sigma2, context) }

  /// What `DetailFilter` and its parts reserve, in numbers of 4 bytes. 24 numbers a row are for descriptions of its coverage
  /// (`CoverageRow`, 56 bytes each), 64 rows and columns for margins and padding of the planes in work, and 1 MiB for tables
  /// and rows of coverage that many rows share. Tests/Python/test_memory.py compares plans with the memory that is taken.
  func scratchByteCount(wanted: Box3, context: FusionContext, views: Int, gaps: Bool) -> Int {
    let (inner, outer) = (GaussianKernel.radius(sigma: sigma1), GaussianKernel.radius(sigma: sigma2))
    func around(_ reach: Int) -> Index3 { wanted.grown(by: Index3(context.blendsZ ? reach : 0, reach, reach)).shape }
    let (bounds, middle, shape) = (around(inner + outer), around(outer), wanted.shape)
    // numbers and coverage of each step, the view's numbers themselves, masks, and planes in work
    let smooth = PaddedShape(Index3(bounds[0], middle[1], middle[2])).count
    let detail = PaddedShape(Index3(shape[0], middle[1], middle[2])).count
    let masks = bounds[0] * bounds[1] * (gaps ? bounds[2] + 24 : 24)
    let planes = 4 * (bounds[1] + 64) * (bounds[2] + 2 * outer + 64)
    return 4 * (2 * (smooth + detail) + PaddedShape(middle).count + masks + planes) + 1 << 20
  }

  /// The least normalised blending weight of a view that counts.
  static let leastBlending: Float = 1e-7
}
