import Files
import Foundation
import Fusion
import Geometry
import JobStore
import Output
import Planning
import Threads
import Zarr

/// Reads what is there of a job's output and projects it along axes of space, at one time point.
///
/// What the record says is done is read, what it says is empty is background, the rest is unknown. Files that cannot be read are
/// counted, and their place is unknown. Holds one chunk a thread, and the planes.
final class Projector: Sendable {
  private let job: LoadedJob
  private let plan: ProjectionPlan
  private let time: Int
  private let axes: [Axis]
  /// The value of what is not stored.
  private let background: Float

  struct Result: Sendable {
    /// For each axis a plane for each channel.
    var planes: [[ProjectionPlane]]
    /// The blocks of the level at the time point.
    var counts = BlockCounts()
    var readBlocks = 0
    var unreadableBlocks = 0
  }

  /// What is to be laid into the planes: a block's voxels, or one value.
  private struct Task: Sendable {
    var position: TCZYX
    /// Where a block stands for others: into which of the axes' planes, and over which box.
    var stands: (axis: Int, box: Box3)?
  }

  init(job: LoadedJob, plan: ProjectionPlan, time: Int, axes: [Axis]) {
    (self.job, self.plan, self.time, self.axes) = (job, plan, time, axes)
    background = Float(job.plan.fusion.backgroundNumber)
  }

  func project(store: JobStore, longestSide: Int) throws -> Result {
    let shape = plan.layout.shape
    let blank = axes.map { axis in
      [ProjectionPlane](
        repeating: ProjectionPlane(along: axis, shape: shape, longestSide: longestSide), count: shape.c)
    }
    var result = Result(planes: blank)
    let tasks = plan.isSampled ? try sampled(store, &result) : try whole(store, &result)
    let next = Monitor(0)
    let total = Monitor(result)
    let chunkByteCount = job.output.array(plan.layout.level).chunkByteCount
    let threads = chunkByteCount > 64 << 20 ? 1 : min(4, ProcessLimits.current.processors.value)
    try ThreadGroup(name: "blockfuse-project", count: threads) { [self] _ in
      var own = Result(planes: blank)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkByteCount, alignment: 64)
      defer { buffer.deallocate() }
      let context = CodecContext()
      while true {
        let i = next.update { next in
          next += 1
          return next - 1
        }
        guard i < tasks.count else { break }
        own.readBlocks += 1
        if !add(tasks[i], to: &own, buffer: buffer, context: context) { own.unreadableBlocks += 1 }
      }
      total.update { total in
        for axis in own.planes.indices {
          for c in own.planes[axis].indices { total.planes[axis][c].merge(own.planes[axis][c]) }
        }
        total.readBlocks += own.readBlocks
        total.unreadableBlocks += own.unreadableBlocks
      }
    }.join()
    return total.read { $0 }
  }

  // MARK: - What to read

  /// Every block of the level.
  private func whole(_ store: JobStore, _ result: inout Result) throws -> [Task] {
    let grid = plan.layout.grid
    var tasks: [Task] = []
    let all = Box3(shape: grid.count.zyx)
    for c in 0..<grid.count.c {
      let states = try store.states(of: job.record.id, level: plan.layout.level, t: time, c: c, blocks: all)
      result.counts.total += states.count
      for (i, state) in states.enumerated() where state.isSettled {
        let space = BlockGrid(shape: TCZYX(zyx: grid.count.zyx), block: .one).position(at: i).zyx
        let position = TCZYX(t: time, c: c, zyx: space)
        if state == .done {
          result.counts.done += 1
          tasks.append(Task(position: position))
        } else {
          result.counts.empty += 1
          for axis in axes.indices { result.planes[axis][c].add(background, over: grid.box(of: position)) }
        }
      }
    }
    return tasks
  }

  /// A done block for each cell of a map of the level, with as many cells as the limit allows.
  private func sampled(_ store: JobStore, _ result: inout Result) throws -> [Task] {
    let layout = plan.layout
    let chunkByteCount = job.output.array(layout.level).chunkByteCount
    let budget = max(16, ProjectionPlan.sampledByteLimit / (chunkByteCount * axes.count * layout.shape.c))
    var tasks: [Task] = []
    for (a, axis) in axes.enumerated() {
      for c in 0..<layout.shape.c {
        var found: BlockMap?
        for side in [64, 48, 32, 24, 16, 12, 8, 6, 4, 2, 1] {
          let map = try store.blockMap(
            of: job.record.id, level: layout.level, along: axis, maximumCells: side, t: time, c: c)
          found = map
          if map.cells.count(where: { $0.sample != nil }) <= budget { break }
        }
        guard let map = found else { continue }
        // seen along another axis they are the same
        if a == 0 { result.counts = map.cells.reduce(result.counts) { $0 + $1.counts } }
        for row in 0..<map.rows {
          for column in 0..<map.columns {
            let cell = map.cells[row * map.columns + column]
            let covered = map.blocks(row: row, column: column)
            var blocks = Box3(shape: layout.grid.count.zyx)
            let (r, k) = (map.rowAxis.spaceLane ?? 0, map.columnAxis.spaceLane ?? 0)
            (blocks.lower[r], blocks.upper[r]) = (covered.rows.lowerBound, covered.rows.upperBound)
            (blocks.lower[k], blocks.upper[k]) = (covered.columns.lowerBound, covered.columns.upperBound)
            let box = layout.grid.voxels(of: blocks)
            if let sample = cell.sample {
              tasks.append(Task(position: sample, stands: (a, box)))
            } else if cell.counts.empty > 0 {
              result.planes[a][c].add(background, over: box)
            }
          }
        }
      }
    }
    return tasks
  }

  // MARK: - Reading

  private func add(
    _ task: Task, to result: inout Result, buffer: UnsafeMutableRawBufferPointer, context: CodecContext
  ) -> Bool {
    let layout = plan.layout
    let array = job.output.array(layout.level)
    let inner = layout.shard.map { $0.zyx / layout.chunk.zyx } ?? Index3(repeating: 1)
    let chunks = BlockGrid(shape: layout.shape, block: layout.chunk)
    let first = task.position.zyx &* inner
    var places = Box3(lower: first, upper: pointwiseMin(first &+ inner, chunks.count.zyx))
    if task.stands != nil {
      // of a shard the middle chunk
      places.lower = (places.lower &+ places.upper) / 2
      places.upper = places.lower &+ 1
    }
    for place in places.positions {
      let position = TCZYX(t: task.position.t, c: task.position.c, zyx: place)
      let box = chunks.box(of: position)
      let index = array.index(at: position)
      // within a shard a chunk of background is left out; a block that is done has its file
      guard let presence = try? array.readRecordedChunk(index, into: buffer, context: context) else { return false }
      if case .missing = presence {
        guard layout.shard != nil else { return false }
        lay(background, over: task.stands?.box ?? box, task, &result)
      } else if let stands = task.stands {
        lay(mean(of: buffer, box), over: stands.box, task, &result)
      } else {
        for axis in axes.indices {
          addVoxels(buffer, box, to: &result.planes[axis][task.position.c])
        }
      }
    }
    return true
  }

  private func lay(_ value: Float, over box: Box3, _ task: Task, _ result: inout Result) {
    for axis in axes.indices where task.stands == nil || task.stands?.axis == axis {
      result.planes[axis][task.position.c].add(value, over: box)
    }
  }

  /// What a block that stands for others shows: the mean of its own projection.
  private func mean(of buffer: UnsafeMutableRawBufferPointer, _ box: Box3) -> Float {
    let local = Box3(shape: box.shape)
    var plane = ProjectionPlane(along: .z, shape: TCZYX(zyx: local.shape), longestSide: 1024)
    addVoxels(buffer, local, to: &plane)
    let known = plane.values.filter(\.isFinite)
    return known.isEmpty ? 0 : Float(known.reduce(0.0) { $0 + Double($1) } / Double(known.count))
  }

  private func addVoxels(_ buffer: UnsafeMutableRawBufferPointer, _ box: Box3, to plane: inout ProjectionPlane) {
    let chunk = plan.layout.chunk
    func add<T>(_ type: T.Type, _ number: (T) -> Float) {
      let voxels = UnsafeBufferPointer(UnsafeMutableRawBufferPointer(buffer).bindMemory(to: T.self))
      plane.add(voxels, of: box, first: 0, steps: (chunk.y * chunk.x, chunk.x), number: number)
    }
    switch job.plan.outputType {
    case .uint8: add(UInt8.self) { Float($0) }
    case .uint16: add(UInt16.self) { Float($0) }
    case .uint32: add(UInt32.self) { Float($0) }
    case .uint64: add(UInt64.self) { Float($0) }
    case .int8: add(Int8.self) { Float($0) }
    case .int16: add(Int16.self) { Float($0) }
    case .int32: add(Int32.self) { Float($0) }
    case .int64: add(Int64.self) { Float($0) }
    case .float16: add(UInt16.self) { Half(bits: $0).float }
    case .float32: add(Float.self) { $0 }
    case .float64: add(Double.self) { Float($0) }
    }
  }
}
