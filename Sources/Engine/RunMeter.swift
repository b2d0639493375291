import Foundation
import Geometry
import JobStore
import Threads

/// Counts what a run does, for progress, rates and the time left.
package final class RunMeter: Sendable {
  package struct Reading: Sendable {
    package var level = 0
    package var levelCount = 1
    /// Blocks that this run wrote.
    package var doneBlocks = 0
    /// Blocks that this run found empty, without those settled in bulk.
    package var emptyBlocks = 0
    package var bulkEmptyBlocks = 0
    package var failedBlocks = 0
    /// The voxels of all blocks that were looked at.
    package var voxels = 0
    /// The voxels of the blocks that were written.
    package var writtenVoxels = 0
    package var writtenByteCount = 0
    /// How all blocks stand, of all that there is to do, by whichever run; what others do meanwhile is known at the end.
    package var counts = BlockCounts()
    /// Without the time in which the machine slept or the process was stopped.
    package var elapsedSeconds = 0.0
    /// Voxels a second over the last while; nil before there is one.
    package var voxelsPerSecond: Double?
    /// Nil while nothing was done that it could rest on.
    package var secondsLeft: Double?

    package var finishedBlocks: Int { doneBlocks + emptyBlocks + failedBlocks }

    /// What the run's record keeps of it.
    package var progress: RunProgress {
      RunProgress(
        blocks: finishedBlocks, voxels: voxels, writtenVoxels: writtenVoxels, bytes: writtenByteCount,
        workedSeconds: elapsedSeconds)
    }
  }

  private struct State {
    var reading = Reading()
    var clock = WorkClock(now: ProcessInfo.processInfo.systemUptime)
    /// Oldest first, for the sliding rate.
    var window: [(at: Double, blocks: Int, voxels: Int, written: Int)] = [(0, 0, 0, 0)]
    /// What is known of each level, by its number; nil for those that are not to be done here.
    var levels: [TimeLeft.Level?] = []
  }

  private let monitor: Monitor<State>
  /// The rate is that of the last while only, so that an easy beginning does not promise too much.
  private let windowSeconds = 120.0

  /// A meter of the levels to be done, with what is to be done of them and what is already.
  package init(_ levels: [(layout: LevelLayout, counts: BlockCounts)]) {
    var state = State()
    let count = (levels.last?.layout.level ?? 0) + 1
    state.levels = [TimeLeft.Level?](repeating: nil, count: count)
    state.reading.levelCount = count
    for (layout, counts) in levels {
      state.levels[layout.level] = TimeLeft.Level(
        counts: counts, voxelsPerBlock: layout.grid.block.product)
    }
    monitor = Monitor(state)
  }

  func began(level: Int) {
    monitor.update { $0.reading.level = level }
  }

  /// Blocks settled without being made.
  func settledInBulk(level: Int, blocks: Int) {
    monitor.update { state in
      state.reading.bulkEmptyBlocks += blocks
      state.levels[level]?.counts.empty += blocks
    }
  }

  /// How a level stands by the record, where others may have worked on it.
  package func found(level: Int, _ counts: BlockCounts) {
    monitor.update { $0.levels[level]?.counts = counts }
  }

  func recorded(_ results: [WorkResult]) {
    monitor.update { state in
      state.clock.look(now: ProcessInfo.processInfo.systemUptime)
      let now = state.clock.seconds
      for result in results {
        let level = result.block.level
        let voxels = state.levels[level]?.voxelsPerBlock ?? 0
        switch result.outcome {
        case .done(let byteCount, _):
          state.reading.doneBlocks += 1
          state.reading.writtenByteCount += byteCount
          state.levels[level]?.counts.done += 1
          state.reading.writtenVoxels += voxels
        case .empty:
          state.reading.emptyBlocks += 1
          state.levels[level]?.counts.empty += 1
        case .failed:
          state.reading.failedBlocks += 1
          state.levels[level]?.counts.failed += 1
        }
        state.reading.voxels += voxels
      }
      state.window.append((now, state.reading.finishedBlocks, state.reading.voxels, state.reading.writtenVoxels))
      while state.window.count > 2, now - state.window[1].at > self.windowSeconds { state.window.removeFirst() }
      if state.window.count > 4096 { state.window.removeSubrange(1..<2048) }
    }
  }

  package func read() -> Reading {
    monitor.update { state in
      state.clock.look(now: ProcessInfo.processInfo.systemUptime)
      let now = state.clock.seconds
      var reading = state.reading
      reading.elapsedSeconds = now
      reading.counts = state.levels.reduce(BlockCounts()) { $0 + ($1?.counts ?? BlockCounts()) }
      if let first = state.window.first, now - first.at > 0.5, reading.finishedBlocks > first.blocks {
        reading.voxelsPerSecond = Double(reading.voxels - first.voxels) / (now - first.at)
        let lately = TimeLeft.Lately(
          seconds: now - first.at, voxels: reading.voxels - first.voxels,
          writtenVoxels: reading.writtenVoxels - first.written)
        reading.secondsLeft = TimeLeft.seconds(levels: state.levels.compactMap { $0 }, lately: lately)
      }
      return reading
    }
  }
}
