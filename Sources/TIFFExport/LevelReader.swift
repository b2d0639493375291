import Geometry
import JobStore
import Output
import Planning
import Zarr

/// Reads boxes of voxels of a level that the record says is complete. A block that is recorded done and cannot be read is an
/// error, never background.
///
/// Thread-confined.
final class LevelReader {
  private let job: LoadedJob
  private let store: JobStore
  private let layout: LevelLayout
  private let array: ZarrArray
  private let chunks: BlockGrid
  private let chunk: UnsafeMutableRawBufferPointer
  private let context = CodecContext()

  init(_ job: LoadedJob, _ layout: LevelLayout, store: JobStore) {
    (self.job, self.layout, self.store) = (job, layout, store)
    array = job.output.array(layout.level)
    chunks = BlockGrid(shape: layout.shape, block: layout.chunk)
    chunk = .allocate(byteCount: array.chunkByteCount, alignment: 64)
  }

  deinit { chunk.deallocate() }

  /// The voxels of a box, in C order. False where all are 0, which are then not written.
  func read(t: Int, c: Int, box: Box3, into buffer: UnsafeMutableRawBufferPointer) throws -> Bool {
    let blocks = layout.grid.blocks(meeting: box)
    let states = try store.states(of: job.record.id, level: layout.level, t: t, c: c, blocks: blocks)
    guard states.allSatisfy(\.isSettled) else {
      throw JobError.unexpected(
        "blocks of level \(layout.level) of job \(job.title) were set to pending while it was exported; run the job, and export it again")
    }
    if !states.contains(.done), array.fill.allSatisfy({ $0 == 0 }) { return false }
    fillElements(buffer, with: array.fill)
    let extent = blocks.shape
    for place in chunks.blocks(meeting: box).positions {
      let block = place &* layout.chunk.zyx / layout.grid.block.zyx &- blocks.lower
      guard states[(block[0] * extent[1] + block[1]) * extent[2] + block[2]] == .done else { continue }
      let position = TCZYX(t: t, c: c, zyx: place)
      guard case .present = try decode(position) else { continue }
      copy(chunks.box(of: position), to: box, buffer)
    }
    return true
  }

  private func decode(_ position: TCZYX) throws -> ChunkPresence {
    do throws(ZarrError) {
      return try array.readRecordedChunk(array.index(at: position), into: chunk, context: context)
    } catch {
      switch error {
      case .chunkMissing, .chunkDamaged, .shardDamaged: throw JobError.damaged(job: job.title, what: error.description)
      default: throw error
      }
    }
  }

  private func copy(_ whole: Box3, to box: Box3, _ buffer: UnsafeMutableRawBufferPointer) {
    let part = whole.intersection(box)
    let element = array.elementType.byteCount
    let rowByteCount = part.shape[2] * element
    let stride = box.shape
    for z in part.lower[0]..<part.upper[0] {
      for y in part.lower[1]..<part.upper[1] {
        let from = ((z - whole.lower[0]) * layout.chunk.y + y - whole.lower[1]) * layout.chunk.x + part.lower[2] - whole.lower[2]
        let to = ((z - box.lower[0]) * stride[1] + y - box.lower[1]) * stride[2] + part.lower[2] - box.lower[2]
        UnsafeMutableRawBufferPointer(rebasing: buffer[(to * element)...].prefix(rowByteCount))
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: chunk[(from * element)...].prefix(rowByteCount)))
      }
    }
  }
}
