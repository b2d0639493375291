import Diagnostics
import Files
import Fusion
import Geometry
import JobStore
import Memory
import Output
import Planning
import Threads
import Views
import Zarr

/// A level above 0: each voxel is made of a window of the level below, as their mean unless `downsample` says otherwise.
final class PyramidLevel: LevelWork {
  let layout: LevelLayout
  let step: PyramidStep
  let source: RecordedLevel
  let plan: JobPlan
  let cache: ChunkCache
  let ledger: any BlockLedger
  private let title: String
  private let seesLate: Bool
  /// File systems show what another host has made, and that it was not there before, after half a minute or a minute.
  private static let lateSeconds = 90.0

  /// - Parameters:
  ///   - title: of the job.
  ///   - seesLate: whether blocks of the level below may have been made on another host.
  init(
    layout: LevelLayout, below: LevelLayout, belowArray: ZarrArray, plan: JobPlan, cache: ChunkCache,
    ledger: any BlockLedger, title: String, seesLate: Bool
  ) {
    (self.layout, self.title, self.seesLate) = (layout, title, seesLate)
    step = PyramidStep(from: below, to: layout, elementByteCount: plan.outputType.byteCount)
    source = RecordedLevel(below, belowArray)
    self.plan = plan
    (self.cache, self.ledger) = (cache, ledger)
  }

  /// Regions whose blocks below are all empty are empty.
  func settleInBulk(ledger: any LevelLedger, meter: RunMeter, stopFlag: StopFlag) throws {
    try settle(level: layout.level, ledger: ledger, meter: meter, isOver: { stopFlag.signal != nil }) { region in
      let blocks = layout.sourceBlocks(ofVoxels: layout.grid.voxels(of: region.blocks), in: below)
      for t in region.t {
        for c in region.c where try !ledger.isAllEmpty(level: below.level, t: t, c: c, blocks: blocks) { return false }
      }
      return true
    }
  }

  /// The record has said it all.
  func settleAhead(ledger: any LevelLedger, meter: RunMeter, isOver: () -> Bool) {}

  func outage(behind error: any Error) -> Outage? {
    switch error {
    case let failure as WorkFailure where failure.code == .sourceMissing && seesLate:
      var outage = Outage(failure.message)
      (outage.limitSeconds, outage.end) = (Self.lateSeconds, failure.end)
      return outage
    case let error as ViewsError where error.storage?.isUnanswered == true: return Outage(error.description)
    case ViewsError.unreadable(_, .arrayMissing): return Outage("\(error)")
    default: return nil
    }
  }

  /// Of an error of reading the level below. A block that is recorded done has its file: what is not there after all tries
  /// is no background, and no block can be made of it.
  func failure(_ error: ViewsError) -> any Error {
    guard case .unreadable(_, .chunkMissing(let block, let path)) = error else { return error }
    var failure = WorkFailure(
      code: .sourceMissing, message: "block \(block) of level \(below.level) is recorded done, but \(path) is not there",
      isTransient: true)
    failure.end = .damaged(job: title, what: failure.message)
    return failure
  }

  /// No chunk below is needed twice, so there is nothing to wait for.
  func makeMaker(context: CodecContext, upcoming: @escaping () -> [ReadAhead.Place]) -> any BlockMaker {
    PyramidBlockMaker(level: self, reader: RegionReader(cache: cache, context: context))
  }

  var below: LevelLayout { step.below }

  /// In the cache of chunks views have the numbers from 0; the chunks of a level of the output, and the cells that were
  /// made of them for the level above, those below 0.
  static func chunkNumber(of level: Int) -> Int { -2 * level - 1 }
  static func cellNumber(of level: Int) -> Int { -2 * level - 2 }

  static func downsampler(_ plan: JobPlan) -> Downsampler {
    // as the reference: rounding up and down would drift from its levels by half a grey value a level
    Downsampler(type: plan.outputType, rounding: .truncate, method: plan.fusion.downsampling)
  }
}

private final class PyramidBlockMaker: BlockMaker {
  private let level: PyramidLevel
  private let step: PyramidStep
  private let reader: RegionReader
  private let downsampler: Downsampler
  private let chunks: BlockGrid
  private let background: [UInt8]?

  init(level: PyramidLevel, reader: RegionReader) {
    (self.level, self.reader) = (level, reader)
    step = level.step
    downsampler = PyramidLevel.downsampler(level.plan)
    background = level.plan.background
    chunks = BlockGrid(shape: step.below.shape, block: step.below.chunk)
  }

  func make(_ box: Box3, t: Int, c: Int, into buffer: UnsafeMutableRawBufferPointer) throws -> BlockContent {
    let states = try knownStates(of: box, t: t, c: c)
    if states.areAllEmpty { return .fill }
    let (grid, chunk) = (level.below.grid, level.below.chunk.zyx)
    let readerCount = step.cell == nil ? nil : 1
    let image = CachedImage(
      source: level.source, number: PyramidLevel.chunkNumber(of: level.below.level),
      isEmpty: { (index) throws(ViewsError) in states.isEmpty(blockAt: index.zyx &* chunk / grid.block.zyx) },
      readerCount: { _ in readerCount })
    var hasVoxels = false
    for part in step.parts(of: box) {
      if let cell = cell(of: part, t: t, c: c) {
        copyRows(
          from: UnsafeRawBufferPointer(cell.voxels.bytes), fromBox: cell.box, to: buffer, toBox: box, part: part,
          elementByteCount: level.plan.outputType.byteCount)
        hasVoxels = true
      } else if try average(image, t: t, c: c, into: part, of: box, buffer) {
        hasVoxels = true
      }
    }
    return hasVoxels && !isFilled(UnsafeRawBufferPointer(buffer), with: background) ? .voxels : .fill
  }

  /// Makes one part from what the level below stores. False where that is nothing but fill.
  private func average(
    _ image: CachedImage, t: Int, c: Int, into part: Box3, of box: Box3, _ buffer: UnsafeMutableRawBufferPointer
  ) throws -> Bool {
    guard let base = buffer.baseAddress else { return false }
    let element = level.plan.outputType.byteCount
    let (rowStride, planeStride) = (box.shape[2], box.shape[1] * box.shape[2])
    let at = part.lower &- box.lower
    let target = base + (at[0] * planeStride + at[1] * rowStride + at[2]) * element
    let source = step.source(of: part)
    defer { reader.finished(image, t: t, c: c, box: source) }
    let known: LentVoxels?
    do throws(ViewsError) {
      known = try reader.voxels(image, t: t, c: c, box: source)
    } catch {
      throw level.failure(error)
    }
    guard let voxels = known else {
      for z in 0..<part.shape[0] {
        for y in 0..<part.shape[1] {
          let row = target + (z * planeStride + y * rowStride) * element
          fillElements(UnsafeMutableRawBufferPointer(start: row, count: part.shape[2] * element), with: level.source.fill)
        }
      }
      return false
    }
    try withExtendedLifetime(voxels) {
      try downsampler.reduce(
        Downsampler.Rows(voxels.start, rowStride: voxels.rowStride, planeStride: voxels.planeStride),
        shape: source.shape, factor: level.layout.factor,
        into: Downsampler.Rows(target, rowStride: rowStride, planeStride: planeStride))
    }
    return true
  }

  /// What was made of the chunk below when that was made, and the box of this level that it is.
  private func cell(of part: Box3, t: Int, c: Int) -> (voxels: ChunkBuffer, box: Box3)? {
    guard let size = step.cell else { return nil }
    let index = step.source(of: part).lower / level.below.chunk.zyx
    let key = ChunkCache.Key(
      source: PyramidLevel.cellNumber(of: level.below.level), chunk: chunks.linearIndex(of: TCZYX(t: t, c: c, zyx: index)))
    guard let voxels = level.cache.take(key) else { return nil }
    return (voxels, Box3(lower: index &* size, upper: (index &+ 1) &* size))
  }

  /// What the record says of the blocks below.
  private struct KnownStates {
    let blocks: Box3
    let states: [BlockState]

    var areAllEmpty: Bool { states.allSatisfy { $0 == .empty } }

    func isEmpty(blockAt p: Index3) -> Bool {
      let at = p &- blocks.lower
      return states[(at[0] * blocks.shape[1] + at[1]) * blocks.shape[2] + at[2]] == .empty
    }
  }

  private func knownStates(of box: Box3, t: Int, c: Int) throws -> KnownStates {
    let blocks = level.layout.sourceBlocks(ofVoxels: box, in: level.below)
    let states = try level.ledger.states(level: level.below.level, t: t, c: c, blocks: blocks)
    return KnownStates(blocks: blocks, states: states)
  }
}
