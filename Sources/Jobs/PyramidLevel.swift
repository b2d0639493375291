import Fusion
import Geometry
import JobStore
import Views
import Zarr

/// A level above 0: each voxel is the mean of a window of the level below.
final class PyramidLevel: LevelWork {
  /// Source voxels that a worker holds at a time.
  static let patchByteLimit = 8 << 20

  let layout: LevelLayout
  let below: LevelLayout
  let belowArray: ZarrArray
  let source: ArrayImageSource
  let elementType: ElementType
  let cache: ChunkCache
  let ledger: any BlockLedger

  init(
    layout: LevelLayout, below: LevelLayout, belowArray: ZarrArray, plan: JobPlan, cache: ChunkCache,
    ledger: any BlockLedger
  ) throws {
    (self.layout, self.below, self.belowArray) = (layout, below, belowArray)
    source = try ArrayImageSource(
      view: "level \(below.level)",
      level: ViewLevel(
        arrayPath: belowArray.path, stack: plan.stack, shape: below.shape, chunk: below.chunk,
        elementType: plan.outputType, codecSummary: "", axes: plan.axes))
    elementType = plan.outputType
    (self.cache, self.ledger) = (cache, ledger)
  }

  /// Regions whose blocks below are all empty are empty.
  func settleInBulk(ledger: any RunLedger, meter: RunMeter, stopFlag: StopFlag) throws {
    try settle(level: layout.level, ledger: ledger, meter: meter, isOver: { stopFlag.signal != nil }) { region in
      let blocks = below.grid.blocks(meeting: sourceBox(of: layout.grid.voxels(of: region.blocks)))
      for t in region.t {
        for c in region.c where try !ledger.isAllEmpty(level: below.level, t: t, c: c, blocks: blocks) { return false }
      }
      return true
    }
  }

  /// The record has said it all.
  func settleAhead(ledger: any RunLedger, meter: RunMeter, isOver: () -> Bool) {}

  func makeMaker(context: CodecContext) -> any BlockMaker {
    PyramidBlockMaker(level: self, reader: RegionReader(cache: cache, context: context))
  }

  /// The voxels of the level below that a box of this one averages.
  func sourceBox(of box: Box3) -> Box3 {
    Box3(lower: box.lower &* layout.factor, upper: box.upper &* layout.factor)
  }
}

private final class PyramidBlockMaker: BlockMaker {
  private let level: PyramidLevel
  private let reader: RegionReader
  private let downsampler: Downsampler
  private var patch = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// Source voxels read at a time; a block is made slab by slab, so that its memory does not grow with its size.
  private let patchByteLimit = PyramidLevel.patchByteLimit

  init(level: PyramidLevel, reader: RegionReader) {
    (self.level, self.reader) = (level, reader)
    // as the reference: rounding up and down would drift from its levels by half a grey value a level
    downsampler = Downsampler(type: level.elementType, rounding: .truncate)
  }

  deinit { patch.deallocate() }

  func make(_ box: Box3, t: Int, c: Int, into buffer: UnsafeMutableRawBufferPointer) throws -> MadeContent {
    let element = level.elementType.byteCount
    let plane = box.shape[1] * box.shape[2]
    let sourcePlane = plane * level.layout.factor[0] * level.layout.factor[1] * level.layout.factor[2] * element
    let slab = max(1, patchByteLimit / max(sourcePlane, 1))
    let known = try knownStates(of: box, t: t, c: c)
    var content = MadeContent.fill
    var done = 0
    while done < box.shape[0] {
      let count = min(slab, box.shape[0] - done)
      var part = box
      part.lower[0] = box.lower[0] + done
      part.upper[0] = part.lower[0] + count
      let target = UnsafeMutableRawBufferPointer(rebasing: buffer[(done * plane * element)...].prefix(count * plane * element))
      if case .voxels = try makeSlab(part, t: t, c: c, states: known, into: target) {
        if case .fill = content {
          UnsafeMutableRawBufferPointer(rebasing: buffer[..<(done * plane * element)])
            .initializeMemory(as: UInt8.self, repeating: 0)
        }
        content = .voxels
      } else if case .voxels = content {
        target.initializeMemory(as: UInt8.self, repeating: 0)
      }
      done += count
    }
    return content
  }

  private func makeSlab(
    _ box: Box3, t: Int, c: Int, states: KnownStates, into buffer: UnsafeMutableRawBufferPointer
  ) throws -> MadeContent {
    let source = level.sourceBox(of: box)
    let byteCount = source.count * level.elementType.byteCount
    if patch.count < byteCount {
      patch.deallocate()
      patch = .allocate(byteCount: byteCount, alignment: 64)
    }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: patch[..<byteCount])
    let grid = level.below.grid
    let chunk = level.below.chunk.zyx
    let content = try reader.read(level.source, number: -level.below.level - 1, t: t, c: c, box: source, into: bytes) {
      (index) throws(ViewsError) in
      states.isEmpty(blockAt: index.zyx &* chunk / grid.block.zyx)
    }
    guard case .voxels = content else { return .fill }
    let made = try downsampler.reduce(
      UnsafeRawBufferPointer(bytes), shape: source.shape, factor: level.layout.factor, into: buffer)
    return made == .fill ? .fill : .voxels
  }

  /// What the record says of the blocks below. A block that is done must have its file: a missing chunk would read as
  /// background, silently.
  private struct KnownStates {
    let blocks: Box3
    let states: [BlockState]

    func isEmpty(blockAt p: Index3) -> Bool {
      let at = p &- blocks.lower
      return states[(at[0] * blocks.shape[1] + at[1]) * blocks.shape[2] + at[2]] == .empty
    }
  }

  private func knownStates(of box: Box3, t: Int, c: Int) throws -> KnownStates {
    let blocks = level.below.grid.blocks(meeting: level.sourceBox(of: box))
    let states = try level.ledger.states(level: level.below.level, t: t, c: c, blocks: blocks)
    var i = 0
    for z in blocks.lower[0]..<blocks.upper[0] {
      for y in blocks.lower[1]..<blocks.upper[1] {
        for x in blocks.lower[2]..<blocks.upper[2] {
          defer { i += 1 }
          guard states[i] == .done else { continue }
          let index = arrayIndex(TCZYX(t: t, c: c, z: z, y: y, x: x), axisCount: level.belowArray.shape.count)
          let path = level.belowArray.path + "/" + level.belowArray.blockFile(index)
          guard FileStatus.exists(path) else {
            throw WorkFailure(
              code: "source-missing",
              message: "block \(index) of level \(level.below.level) is recorded done, but \(path) is not there; "
                + "`blockfuse verify --repair` finds all such blocks and sets them to pending", isTransient: false)
          }
        }
      }
    }
    return KnownStates(blocks: blocks, states: states)
  }
}
