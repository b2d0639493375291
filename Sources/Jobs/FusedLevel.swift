import Fusion
import Geometry
import JobStore
import Synchronization
import Views
import Zarr

/// Level 0: what the workers share to fuse blocks from views. Immutable but for caches.
final class FusedLevel: LevelWork {
  let plan: JobPlan
  let recipe: FusionRecipe
  let cache: ChunkCache
  private let views: [View]
  /// For each distinct time point of the transforms: the views placed in the output, and their index.
  private let placements: [Placement]
  private let sources: Mutex<[Int: any ImageSource]> = Mutex([:])
  /// Open images kept; each is its metadata and little more.
  private let sourceLimit = 8192

  struct Placement: Sendable {
    let views: [PlacedView]
    let index: ViewIndex
  }

  init(plan: JobPlan, views: [View], transforms: [[AffineMap]], recipe: FusionRecipe, cache: ChunkCache)
    throws(JobError)
  {
    (self.plan, self.views, self.recipe, self.cache) = (plan, views, recipe, cache)
    let count = transforms.map(\.count).max() ?? 1
    var placements: [Placement] = []
    for t in 0..<count {
      placements.append(try Self.place(views, transforms.map { $0.count > 1 ? $0[t] : $0[0] }, in: plan))
    }
    self.placements = placements
  }

  func placement(t: Int) -> Placement { placements.count > 1 ? placements[t] : placements[0] }

  /// The views that may have a value in a box of output voxels, in dataset order.
  func views(touching box: Box3, t: Int) -> [PlacedView] {
    let placement = placement(t: t)
    let grown = box.grown(by: recipe.halo).intersection(Box3(shape: plan.stack.shape))
    return placement.index.views(touching: grown).map { placement.views[$0] }
      .filter { !$0.inputBox(for: grown, order: recipe.interpolationOrder).isEmpty }
  }

  func source(_ view: Int) throws(ViewsError) -> any ImageSource {
    if let open = sources.withLock({ $0[view] }) { return open }
    let source = try views[view].openSource(level: 0)
    sources.withLock { sources in
      if sources.count >= sourceLimit { sources.removeAll(keepingCapacity: true) }
      sources[view] = source
    }
    return source
  }

  func planned(_ view: Int) -> View { views[view] }

  /// Regions that no view touches are empty, whatever they would cost to look at one by one.
  func settleInBulk(ledger: any RunLedger, meter: RunMeter, stopFlag: StopFlag) throws {
    let grid = plan.levels[0].grid
    try settle(level: 0, ledger: ledger, meter: meter, stopFlag: stopFlag) { region in
      let box = grid.voxels(of: region.blocks).grown(by: recipe.halo).intersection(Box3(shape: plan.stack.shape))
      return region.t.allSatisfy { !placement(t: $0).index.anyView(touching: box) }
    }
  }

  func makeMaker(context: CodecContext) -> any BlockMaker {
    FusedBlockMaker(level: self, reader: RegionReader(cache: cache, context: context))
  }

  private static func place(_ views: [View], _ transforms: [AffineMap], in plan: JobPlan) throws(JobError)
    -> Placement
  {
    var placed: [PlacedView] = []
    var entries: [ViewIndex.Entry] = []
    placed.reserveCapacity(views.count)
    entries.reserveCapacity(views.count)
    for (i, (view, affine)) in zip(views, transforms).enumerated() {
      let stack = view.level.stack
      let map: PixelMap
      do {
        map = try PixelMap(
          affine: affine, viewSpacing: stack.spacing, viewOrigin: stack.origin, outputSpacing: plan.stack.spacing,
          outputOrigin: plan.stack.origin)
      } catch {
        throw .invalid(what: "view \(i): \(error)", hint: "")
      }
      placed.append(
        PlacedView(
          id: i, map: map, shape: stack.shape, spacing: stack.spacing, affine: affine,
          elementType: view.level.elementType, intensityScale: view.details.intensityScale,
          intensityOffset: view.details.intensityOffset))
      let (lower, upper) = StackProperties.bounds(of: stack, affine: affine)
      entries.append(
        ViewIndex.Entry(
          view: i, lower: (lower - plan.stack.origin) / plan.stack.spacing,
          upper: (upper - plan.stack.origin) / plan.stack.spacing))
    }
    return Placement(views: placed, index: ViewIndex(entries))
  }
}

/// Fuses blocks of level 0; one for each worker.
private final class FusedBlockMaker: BlockMaker {
  private let level: FusedLevel
  private let reader: RegionReader
  private let fuser: BlockFuser

  init(level: FusedLevel, reader: RegionReader) {
    (self.level, self.reader) = (level, reader)
    fuser = BlockFuser(recipe: level.recipe)
  }

  func isReady(_ block: TakenBlock) -> Bool { true }

  func make(_ box: Box3, t: Int, c: Int, into buffer: UnsafeMutableRawBufferPointer) throws -> MadeContent {
    let views = level.views(touching: box, t: t)
    guard !views.isEmpty else { return .fill }
    switch try fuser.fuse(box, views: views, reader: ViewReader(level: level, reader: reader, t: t, c: c), into: buffer) {
    case .fill: return .fill
    case .voxels: return .voxels
    }
  }
}

/// Gives the fuser voxels of the views at one output `t` and `c`.
private struct ViewReader: VoxelReader {
  let level: FusedLevel
  let reader: RegionReader
  let t: Int
  let c: Int

  func read(_ view: PlacedView, box: Box3, into buffer: UnsafeMutableRawBufferPointer) throws -> PatchContent {
    let planned = level.planned(view.id)
    let source = try level.source(view.id)
    switch try reader.read(
      source, number: view.id, t: planned.details.timeIndices[t], c: planned.details.channelIndices[c], box: box, into: buffer)
    {
    case .voxels: return .voxels
    case .constant: return .constant
    }
  }
}
