import Files
import Fusion
import Geometry
import JobStore
import Memory
import Planning
import Synchronization
import Threads
import Views
import Zarr

/// Level 0: what the workers share to fuse blocks from views. Immutable but for caches.
final class FusedLevel: LevelWork {
  let plan: JobPlan
  let recipe: FusionRecipe
  let cache: ChunkCache
  private let watched: WatchedViews
  private var views: [View] { watched.views }
  private let placements: [PlacedViews]
  /// Where it does, a chunk is dropped as soon as no block will need it, and the next one takes its memory, which is
  /// cheaper than memory that was never filled. Where it does not, the cache keeps what it can.
  private let holdsAllInput: Bool
  private let corrections: VoxelCorrections
  private let sources = Mutex(LeastRecentlyUsed<Int, any ImageSource>())
  /// Open images kept; each is its metadata and little more.
  private let sourceLimit = 8192

  init(
    plan: JobPlan, views: WatchedViews, placements: [PlacedViews], recipe: FusionRecipe, cache: ChunkCache,
    holdsAllInput: Bool
  ) {
    (self.plan, watched, self.placements, self.recipe, self.cache) = (plan, views, placements, recipe, cache)
    self.holdsAllInput = holdsAllInput
    corrections = VoxelCorrections(byteLimit: CorrectionMemory(of: views.views).keptByteCount)
  }

  func placement(t: Int) -> PlacedViews { placements.count > 1 ? placements[t] : placements[0] }

  /// The views that may have a value in a box of output voxels, in dataset order.
  func views(touching box: Box3, t: Int, c: Int) -> [PlacedView] {
    placement(t: t).views(
      touching: box.grown(by: recipe.halo), t: t, c: c, interpolationOrder: recipe.interpolationOrder)
  }

  func source(_ view: Int) throws(ViewsError) -> any ImageSource {
    if let open = sources.withLock({ $0.use(view) }) { return open }
    if let change = try watched.look(at: view).first {
      if let absence = views[view].absence { throw absence }
      throw .inputChanged(
        view: views[view].name, path: views[view].path, field: change.field, recorded: change.recorded ?? "absent",
        found: change.found ?? "absent")
    }
    let source = watched.watching(try views[view].openSource(level: 0), of: view)
    // let go of outside of the lock
    let dropped = sources.withLock { sources in (sources.insert(source, for: view), sources.shrink(toCost: sourceLimit)) }
    _ = dropped
    return source
  }

  /// - Parameter channel: of the view's image.
  func correction(of view: PlacedView, channel: Int) throws(ViewsError) -> VoxelCorrection {
    try corrections.correction(of: views[view.id], channel: channel)
  }

  func image(_ view: PlacedView) throws(ViewsError) -> CachedImage {
    let source = try source(view.id)
    guard holdsAllInput else { return CachedImage(source: source, number: view.id) }
    return CachedImage(source: source, number: view.id, readerCount: { [self] chunk in readerCount(of: view, chunk) })
  }

  /// A view whose metadata are gone is on a disk that is; so is one whose file system does not answer.
  func outage(behind error: any Error) -> Outage? {
    guard let error = error as? ViewsError, let view = views.first(where: { $0.name == error.view }) else { return nil }
    if error.storage?.isUnanswered == true { return Outage(error.description) }
    // what is damaged is damaged wherever it lies
    guard error.isTransient || error.isAbsence, let absence = view.absence else { return nil }
    if case .inputMissing = absence { return Outage(absence.description) }
    return absence.isTransient ? Outage(absence.description) : nil
  }

  /// The voxels of a view that a box of the output is made of.
  func inputBox(of view: PlacedView, for box: Box3) -> Box3 {
    view.whole.inputBox(for: box.grown(by: recipe.halo), order: recipe.interpolationOrder)
  }

  /// How many chunks of the output are made of a box of a view's voxels; nil where counting would take long.
  private func readerCount(of view: PlacedView, _ input: Box3) -> Int? {
    guard let around = view.outputBox(for: input, order: recipe.interpolationOrder) else { return nil }
    let grid = BlockGrid(shape: plan.levels[0].shape, block: plan.levels[0].chunk)
    let cells = grid.blocks(meeting: around.grown(by: recipe.halo))
    guard cells.count <= 1024 else { return nil }
    return cells.positions.count { cell in
      inputBox(of: view, for: grid.box(of: TCZYX(t: 0, c: 0, zyx: cell))).intersects(input)
    }
  }

  func planned(_ view: Int) -> View { views[view] }

  /// Regions that no view touches are empty, whatever they would cost to look at one by one.
  func settleInBulk(ledger: any LevelLedger, meter: RunMeter, stopFlag: StopFlag) throws {
    let grid = plan.levels[0].grid
    try settle(level: 0, ledger: ledger, meter: meter, isOver: { stopFlag.signal != nil }) { region in
      let box = grid.voxels(of: region.blocks).grown(by: recipe.halo)
      return region.t.allSatisfy { t in
        region.c.allSatisfy { c in !placement(t: t).anyView(touching: box, t: t, c: c) }
      }
    }
  }

  /// Regions for which no view stores a chunk are empty, where what is not stored is no value, or is 0 and fuses to the background.
  func settleAhead(ledger: any LevelLedger, meter: RunMeter, isOver: () -> Bool) throws {
    guard recipe.keepsGaps, !plan.fusion.isMask else { return }
    let grid = plan.levels[0].grid
    try settle(level: 0, ledger: ledger, meter: meter, batchCount: 64, isOver: isOver) { region in
      let box = grid.voxels(of: region.blocks)
      for t in region.t {
        for c in region.c {
          for view in views(touching: box, t: t, c: c) where try mayHoldVoxels(view, box, t: t, c: c) { return false }
        }
      }
      return true
    }
  }

  private func mayHoldVoxels(_ view: PlacedView, _ box: Box3, t: Int, c: Int) throws(ViewsError) -> Bool {
    let source = try source(view.id)
    let isZero = recipe.keepsZero && view.intensityOffset == 0 && source.fill.allSatisfy { $0 == 0 }
    guard isZero || view.nodata == source.fill, !view.hasCorrection else { return true }
    let input = inputBox(of: view, for: box)
    let details = views[view.id].details
    guard let ownT = details.times[t], let ownC = details.channels[c] else { return false }
    let chunks = BlockGrid(shape: source.shape, block: source.chunk).blocks(meeting: input)
    if chunks.isEmpty { return false }
    return try source.mayHoldVoxels(
      t: ownT / source.chunk.t, c: ownC / source.chunk.c, chunks: chunks)
  }

  func makeMaker(context: CodecContext, upcoming: @escaping () -> [ReadAhead.Place]) -> any BlockMaker {
    let ahead = ReadAhead(level: self, reader: RegionReader(cache: cache, context: context), upcoming: upcoming)
    return FusedBlockMaker(level: self, reader: RegionReader(cache: cache, context: context) { ahead.step() })
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

  func make(_ box: Box3, t: Int, c: Int, into buffer: UnsafeMutableRawBufferPointer) throws -> BlockContent {
    let views = level.views(touching: box, t: t, c: c)
    guard !views.isEmpty else { return .fill }
    let voxels = ViewReader(level: level, reader: reader, t: t, c: c)
    let content =
      level.plan.fusion.isMask
      ? try fuser.countViews(box, views: views, reader: voxels, as: level.plan.outputType, into: buffer)
      : try fuser.fuse(
        box, views: views, viewCount: level.placement(t: t).viewCount(t: t, c: c), reader: voxels, into: buffer)
    for view in views { try voxels.finished(view, box: box) }
    return content
  }
}

/// Gives the fuser voxels of the views at one output `t` and `c`.
private struct ViewReader: VoxelReader {
  let level: FusedLevel
  let reader: RegionReader
  let t: Int
  let c: Int

  func read(_ view: PlacedView, box: Box3, into buffer: UnsafeMutableRawBufferPointer) throws -> PatchContent {
    let (t, c) = try place(in: view)
    return try reader.read(level.image(view), t: t, c: c, box: box, into: buffer)
  }

  func correction(of view: PlacedView) throws -> VoxelCorrection {
    try level.correction(of: view, channel: place(in: view).c)
  }

  func lend(_ view: PlacedView, box: Box3) throws -> LentVoxels? {
    let (t, c) = try place(in: view)
    let image = try level.image(view)
    return reader.mayHold(image) ? try reader.lend(image, t: t, c: c, box: box) : nil
  }

  /// All that a box of the output needs of a view has been read.
  func finished(_ view: PlacedView, box: Box3) throws {
    let (t, c) = try place(in: view)
    reader.finished(try level.image(view), t: t, c: c, box: level.inputBox(of: view, for: box))
  }

  private func place(in view: PlacedView) throws -> (t: Int, c: Int) {
    let planned = level.planned(view.id)
    guard let ownT = planned.details.times[t], let ownC = planned.details.channels[c] else {
      throw JobError.unexpected("view \"\(planned.name)\" has no voxels at time point \(t), channel \(c)")
    }
    return (ownT, ownC)
  }
}
