import Fusion
import Geometry
import JobStore
import Views
import Zarr

/// A level above 0: each voxel is the mean of a window of the level below.
final class PyramidLevel: LevelWork {
  /// Source voxels that a worker holds at a time, where they are not used as they lie in the cache.
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

  /// No chunk below is needed twice, so there is nothing to wait for.
  func makeMaker(context: CodecContext, upcoming: @escaping () -> [ReadAhead.Place]) -> any BlockMaker {
    PyramidBlockMaker(level: self, reader: RegionReader(cache: cache, context: context))
  }

  /// How the output's own levels are numbered in the cache of chunks; views have the numbers from 0.
  static func cacheNumber(of level: Int) -> Int { -level - 1 }

  /// A box of this level in parts that are made one at a time: each from one chunk of the level below, where no window
  /// reaches over two of them; else slabs, so that memory does not grow with the size of a block.
  func parts(of box: Box3) -> [Box3] {
    let chunk = below.chunk.zyx
    var size = chunk / layout.factor
    var isWhole = true
    for axis in 0..<3 {
      if below.shape.zyx[axis] <= chunk[axis] {
        size[axis] = layout.shape.zyx[axis]
      } else if size[axis] * layout.factor[axis] != chunk[axis] {
        isWhole = false
      }
    }
    if isWhole {
      let cells = BlockGrid(shape: TCZYX(zyx: layout.shape.zyx), block: TCZYX(zyx: size)).blocks(meeting: box)
      var parts: [Box3] = []
      for z in cells.lower[0]..<cells.upper[0] {
        for y in cells.lower[1]..<cells.upper[1] {
          for x in cells.lower[2]..<cells.upper[2] {
            let lower = Index3(z, y, x) &* size
            parts.append(Box3(lower: lower, upper: lower &+ size).intersection(box))
          }
        }
      }
      return parts
    }
    let source = sourceBox(of: box).shape
    let planes = layout.factor[0] * source[1] * source[2] * elementType.byteCount
    let slab = max(1, Self.patchByteLimit / max(planes, 1))
    return stride(from: box.lower[0], to: box.upper[0], by: slab).map { z in
      var part = box
      (part.lower[0], part.upper[0]) = (z, min(z + slab, box.upper[0]))
      return part
    }
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

  init(level: PyramidLevel, reader: RegionReader) {
    (self.level, self.reader) = (level, reader)
    // as the reference: rounding up and down would drift from its levels by half a grey value a level
    downsampler = Downsampler(type: level.elementType, rounding: .truncate)
  }

  func make(_ box: Box3, t: Int, c: Int, into buffer: UnsafeMutableRawBufferPointer) throws -> MadeContent {
    guard let base = buffer.baseAddress else { return .fill }
    let states = try knownStates(of: box, t: t, c: c)
    let (grid, chunk, element) = (level.below.grid, level.below.chunk.zyx, level.elementType.byteCount)
    let (rowStride, planeStride) = (box.shape[2], box.shape[1] * box.shape[2])
    var content = MadeContent.fill
    for part in level.parts(of: box) {
      let at = part.lower &- box.lower
      let target = base + (at[0] * planeStride + at[1] * rowStride + at[2]) * element
      let source = level.sourceBox(of: part)
      let loan = try reader.lend(
        level.source, number: PyramidLevel.cacheNumber(of: level.below.level), t: t, c: c, box: source
      ) { (index) throws(ViewsError) in states.isEmpty(blockAt: index.zyx &* chunk / grid.block.zyx) }
      if let loan {
        try withExtendedLifetime(loan) {
          try downsampler.reduce(
            Downsampler.Rows(loan.start, rowStride: loan.rowStride, planeStride: loan.planeStride),
            shape: source.shape, factor: level.layout.factor,
            into: Downsampler.Rows(target, rowStride: rowStride, planeStride: planeStride))
        }
        content = .voxels
      } else {
        for z in 0..<part.shape[0] {
          for y in 0..<part.shape[1] {
            (target + (z * planeStride + y * rowStride) * element)
              .initializeMemory(as: UInt8.self, repeating: 0, count: part.shape[2] * element)
          }
        }
      }
    }
    return content
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
