import Geometry

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much structure a view has around a voxel: the entropy of the cosine transform of tiles of the output (Royer et al.,
/// 2016), compared over the views, and interpolated between the tiles' centres. Tiles lie where `TileGrid` says.
public struct ContentBasedDCTWeights: BuiltinWeights {
  public static let name = "content_based_dct"
  private static let names = ["dct_size", "exponent", "otf_support_fraction"]
  static let largestSize = 4096

  /// The voxels of a tile along z, y, x, where the output has as many.
  public let size: Index3
  /// What a tile's quality is raised to, before views are compared.
  public let exponent: Double
  /// The part of a tile's frequencies that the objective lets through, as a share of the shortest side; nil: all are looked at,
  /// and compared with their mean.
  public let supportFraction: Double?

  public init(arguments: FunctionArguments) throws(FusionError) {
    size = try Self.size(arguments)
    exponent = try arguments.number("exponent", default: 1, of: Self.name)
    supportFraction =
      arguments.values["otf_support_fraction"] == .null
      ? nil : try arguments.number("otf_support_fraction", default: 0.5, of: Self.name)
    guard exponent >= 0, exponent <= 1000 else {
      throw Self.invalid("exponent", "\(exponent) is no number from 0 to 1000")
    }
    if let fraction = supportFraction {
      guard fraction > 0, fraction.isFinite else {
        throw Self.invalid("otf_support_fraction", "\(fraction) is neither a number above 0 nor null")
      }
    } else if exponent != exponent.rounded() {
      // a quality is negative then, which has no such power
      throw Self.invalid("exponent", "\(exponent) is no whole number, which it must be where otf_support_fraction is null")
    }
    try arguments.finish(knowing: Self.names, of: Self.name)
  }

  private static func invalid(_ name: String, _ why: String) -> FusionError {
    .invalidArgument(function: Self.name, name: name, why: why)
  }

  /// One number for all axes, or a map of some of them; 32 where none is given.
  private static func size(_ arguments: FunctionArguments) throws(FusionError) -> Index3 {
    var size = Index3(repeating: 32)
    switch arguments.values["dct_size"] {
    case nil: break
    case .number(let number): size = Index3(repeating: try length(number))
    case .map(let map):
      for name in map.keys.sorted() {
        guard let lane = Axis.space.firstIndex(where: { "\($0)" == name }) else {
          throw invalid("dct_size", "\"\(name)\" is no axis; there are z, y, x")
        }
        guard case .number(let number)? = map[name] else { throw invalid("dct_size", "its \(name) must be a number") }
        size[lane] = try length(number)
      }
    default: throw invalid("dct_size", "it must be a number, or a map such as z=16,y=32,x=32")
    }
    return size
  }

  private static func length(_ number: Double) throws(FusionError) -> Int {
    guard number >= 1, number <= Double(largestSize), number == number.rounded() else {
      throw invalid("dct_size", "\(number) is no whole number of voxels from 1 to \(largestSize)")
    }
    return Int(number)
  }

  public var usesBlendingWeights: Bool { false }

  public func halo(in context: FusionContext) -> Index3 { grid(context).reach }

  func grid(_ context: FusionContext) -> TileGrid { TileGrid(size: size, context) }

  public func weigh(_ views: TransformedViews<Float>, into weights: [MutableVoxelArray<Float>]) {
    TileWeights<Float>(self, views.context).weigh(views, into: weights)
  }
  public func weigh(_ views: TransformedViews<Double>, into weights: [MutableVoxelArray<Float>]) {
    TileWeights<Double>(self, views.context).weigh(views, into: weights)
  }

  func scratchByteCount(wanted: Box3, context: FusionContext, views: Int, gaps: Bool) -> Int {
    let grid = grid(context)
    let tiles = grid.tiles(around: wanted)
    // a row of tiles, their transform, and of every tile the weight of each view
    let row = tiles.shape[2] * grid.size[0] * grid.size[1] * grid.size[2]
    return 4 * row + CosineTransform.byteCount(size: grid.size) + tiles.count * (4 * views + 1)
      + 8 * grid.size[2] * tiles.shape[2] + 32 * views * tiles.shape[2] + 1 << 18
  }

  // MARK: what views weigh in a tile

  /// The weights of views in a tile, which sum to 1, or are all 0 where no view is better than another.
  ///
  /// - Parameters:
  ///   - qualities: of the tile in each view; nil of a view that hardly has the tile.
  ///   - viewCount: how many views there are in all. Those that are not given do not have the tile.
  func weights(of qualities: [Double?], viewCount: Int) -> [Float] {
    let most = qualities.reduce(0) { max($0, $1?.magnitude ?? 0) }
    if most == 0 { return [Float](repeating: 0, count: qualities.count) }
    // that the largest is 1 changes no ratio, and no power is too large
    let raised = qualities.map { quality in
      quality.map { supportFraction != nil && $0 <= 0 ? 0 : exponent == 1 ? $0 / most : pow($0 / most, exponent) }
    }
    let absent = viewCount - raised.count { $0 != nil }
    var least = absent > 0 ? 0 : Double.infinity
    for quality in raised { if let quality { least = min(least, quality) } }
    var sum = Double(absent) * (0 - least)
    for quality in raised { if let quality { sum += quality - least } }
    return raised.map { sum > 0 ? Float((($0 ?? 0) - least) / sum) : 0 }
  }
}
