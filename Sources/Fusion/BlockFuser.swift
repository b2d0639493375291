import Geometry
import Memory

/// Fuses blocks of one job, one after the other, on one thread; its memory grows to what the blocks need and stays.
///
/// What a voxel becomes depends on its place in the output and on the views alone, never on the block.
public final class BlockFuser {
  public let recipe: FusionRecipe
  /// The bytes of patches of views that are held at a time; a block that needs more is fused in parts.
  public let patchByteLimit: Int
  /// The bytes of resampled copies of views above which a block is refused.
  public let arenaByteLimit: Int
  private let single: FusionEngine<Float>?
  private let double: FusionEngine<Double>?

  public static let defaultPatchByteLimit = 128 << 20

  public static let defaultArenaByteLimit = 1 << 40

  public init(
    recipe: FusionRecipe, patchByteLimit: Int = defaultPatchByteLimit, arenaByteLimit: Int = defaultArenaByteLimit
  ) {
    self.recipe = recipe
    (self.patchByteLimit, self.arenaByteLimit) = (patchByteLimit, arenaByteLimit)
    let (patch, arena) = (patchByteLimit, arenaByteLimit)
    single = recipe.usesDouble ? nil : FusionEngine(recipe: recipe, patchByteLimit: patch, arenaByteLimit: arena)
    double = recipe.usesDouble ? FusionEngine(recipe: recipe, patchByteLimit: patch, arenaByteLimit: arena) : nil
  }

  /// Fuses one block.
  ///
  /// - Parameters:
  ///   - box: the voxels of the block, inside the output.
  ///   - views: candidates, in ascending order of `id`: all that touch the block grown by the recipe's halo; others do
  ///     no harm.
  ///   - viewCount: how many views the job has at the block's time point and channel, wherever they lie; some weights compare
  ///     each with all.
  ///   - out: `box.count` voxels of the output's type, in C order.
  /// - Returns: `fill` if all voxels are background; `out` then need not have been written.
  public func fuse(
    _ box: Box3, views: [PlacedView], viewCount: Int, reader: some VoxelReader, into out: UnsafeMutableRawBufferPointer
  ) throws -> BlockContent {
    try check(box, views, out, recipe.outputType)
    guard let base = out.baseAddress, !box.isEmpty else { return .fill }
    if !recipe.isStreamed {
      let bytes = Self.arenaByteCount(recipe: recipe, box: box, views: views, patchByteLimit: patchByteLimit)
      if bytes > arenaByteLimit { throw FusionError.tooLarge(what: "the resampled views of a block", byteCount: bytes) }
    }
    let hasWritten =
      if let single { try single.fuse(box, views: views, viewCount: viewCount, reader: reader, into: base) } else {
        try double?.fuse(box, views: views, viewCount: viewCount, reader: reader, into: base) ?? false
      }
    return hasWritten && !isFilled(UnsafeRawBufferPointer(out), with: recipe.background) ? .voxels : .fill
  }

  /// How many views have a value at each voxel of a block, as `type`, saturated (`--output-mask`).
  public func countViews(
    _ box: Box3, views: [PlacedView], reader: some VoxelReader, as type: ElementType,
    into out: UnsafeMutableRawBufferPointer
  ) throws -> BlockContent {
    guard type == .uint8 || type == .uint16 else {
      throw FusionError.invalidOption(name: "output_mask", why: "\(type.rawValue) is neither uint8 nor uint16")
    }
    try check(box, views, out, type)
    guard let base = out.baseAddress, !box.isEmpty else { return .fill }
    if let single {
      try single.countViews(box, views: views, reader: reader, as: type, into: base)
    } else {
      try double?.countViews(box, views: views, reader: reader, as: type, into: base)
    }
    return isAllZero(UnsafeRawBufferPointer(out)) ? .fill : .voxels
  }

  private func check(
    _ box: Box3, _ views: [PlacedView], _ out: UnsafeMutableRawBufferPointer, _ type: ElementType
  ) throws(FusionError) {
    let volume = recipe.context.outputVolume
    guard volume.contains(box) else { throw .outsideOutput(box: box, volume: volume) }
    guard out.count == box.count * type.byteCount else {
      throw .wrongBufferSize(what: "the buffer of the block", expected: box.count * type.byteCount, actual: out.count)
    }
    for (a, b) in zip(views, views.dropFirst()) where a.id >= b.id {
      throw .unsortedViews(first: a.id, second: b.id)
    }
    for view in views where !recipe.inputTypes.contains(view.elementType) {
      throw .unexpectedElementType(view: view.id, type: view.elementType)
    }
  }

  /// The most memory that a fuser holds for a block, apart from the caller's output buffer.
  public static func arenaByteCount(
    recipe: FusionRecipe, box: Box3, views: [PlacedView], patchByteLimit: Int = defaultPatchByteLimit
  ) -> Int {
    recipe.usesDouble
      ? FusionEngine<Double>.byteCount(recipe: recipe, box: box, views: views, patchByteLimit: patchByteLimit)
      : FusionEngine<Float>.byteCount(recipe: recipe, box: box, views: views, patchByteLimit: patchByteLimit)
  }
}
