import Geometry

/// The built-in weights by content of a block that is fused row by row: for the voxels at which more than one view has samples.
/// At others the one view counts alone, whatever its content.
///
/// Each kind is named here, not hidden behind a protocol, so that the loops of both precisions are compiled for them.
enum BlockWeights<S: RowArithmetic> {
  case detail(ContentWeights<S>)
  case tiles(TileWeights<S>, FusionRecipe, byteLimit: Int)

  /// Nil for a job that has no such weights, or does not go row by row.
  init?(_ recipe: FusionRecipe, byteLimit: Int) {
    guard let weights = recipe.contentFusion?.weights else { return nil }
    switch weights {
    case let weights as ContentBasedDCTWeights:
      self = .tiles(TileWeights(weights, recipe.context), recipe, byteLimit: byteLimit)
    case let weights as ContentBasedWeights:
      self = .detail(ContentWeights(recipe: recipe, weights: weights, byteLimit: byteLimit))
    default: return nil
    }
  }

  /// Returns the weights of each view of `touching`, not normalised, over a box that has every voxel of `box` that the view
  /// shares with another; nil for a view that shares none.
  ///
  /// - Parameters:
  ///   - touching: the views with samples in the box.
  ///   - around: those and all others with samples in the box's halo.
  ///   - viewCount: how many views there are in all at the block's time point and channel.
  func weigh(
    _ box: Box3, touching: [PlacedView], around: [PlacedView], viewCount: Int, load: ContentWeights<S>.Load
  ) throws -> [VoxelArray<Float>?] {
    switch self {
    case .detail(let content): return try content.weigh(box, touching: touching, around: around, load: load)
    case .tiles(let tiles, let recipe, let byteLimit):
      let needed = touching.count < 2 ? 0 : Self.byteCount(recipe, box, touching: touching, around: around)
      if needed > byteLimit {
        throw FusionError.tooLarge(what: "the content weights of a block", byteCount: needed)
      }
      return try tiles.weigh(
        box, touching: touching, around: around, viewCount: viewCount, recipe: recipe, load: load)
    }
  }

  /// The most memory in bytes that the weights of a block take, patches included; 0 for a job without such weights.
  static func byteCount(_ recipe: FusionRecipe, _ box: Box3, touching: [PlacedView], around: [PlacedView]) -> Int {
    guard let weights = recipe.contentFusion?.weights, touching.count > 1 else { return 0 }
    let results = 4 * touching.count * box.count
    if let weights = weights as? ContentBasedDCTWeights {
      return results + TileWeights<S>.byteCount(recipe, weights, box, views: around)
    }
    return results + (touching.map { ContentWeights<S>.byteCount(recipe, weights, $0, shared: box) }.max() ?? 0)
  }
}
