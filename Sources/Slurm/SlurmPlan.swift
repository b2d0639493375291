import Foundation
import Geometry
import JobStore
import Orders

/// What is to be submitted, kept and replaced: decided from what is missing and what Slurm has of it already.
package struct SlurmPlan {
  /// The shares of a level that are to be submitted.
  package struct Level: Equatable {
    package let level: Int
    package let shareCount: Int
    package let missing: IndexSet

    package init(level: Int, shareCount: Int, missing: IndexSet) {
      (self.level, self.shareCount, self.missing) = (level, shareCount, missing)
    }

    /// An array's indices may not be larger than `largestIndex`: then there are several, which count from an offset.
    package func arrays(largestIndex: Int) -> [SlurmScript.Array] {
      let size = largestIndex + 1
      return stride(from: 0, to: shareCount, by: size).compactMap { offset in
        let own = missing.intersection(IndexSet(integersIn: offset..<offset + size))
        if own.isEmpty { return nil }
        return SlurmScript.Array(
          level: level, shareCount: shareCount, offset: offset, indices: IndexSet(own.map { $0 - offset }))
      }
    }
  }

  package let allLevels: [LevelLayout]
  /// Lowest first; those with nothing to submit are left out.
  package private(set) var levels: [Level] = []
  /// Tasks that run or wait and stay, and of which level they are.
  package private(set) var kept: [(task: SlurmQueue.Task, level: Int)] = []
  /// Waiting tasks that are to be cancelled, as Slurm names them: `12_3`, or `12` for all of a job that wait.
  package private(set) var replaced: [String] = []

  package var keptIDs: [String] { unique(kept.map(\.task.id)) }
  package func keptIDs(level: Int) -> [String] { unique(kept.filter { $0.level == level }.map(\.task.id)) }

  /// - Parameters:
  ///   - active: what Slurm has of this order.
  ///   - missing: the shares of a level, cut into so many, that have blocks left.
  package init(
    levels layouts: [LevelLayout], tasks: Int, active: [SlurmQueue.Task], prefix: String,
    missing: (LevelLayout, Int) throws -> IndexSet
  ) rethrows {
    allLevels = layouts
    // whether something below is submitted now, so that what waits above would begin too early
    var isBelowMissing = false
    var stale: [SlurmQueue.Task] = []
    for layout in layouts {
      let count = MissingShares.shareCount(layout, tasks: tasks)
      var left = try missing(layout, count)
      for task in active {
        guard let place = SlurmScript.place(ofName: task.name, prefix: prefix), place.level == layout.level,
          let index = task.index
        else { continue }
        if task.isStuck || (!task.isRunning && isBelowMissing) {
          stale.append(task)
        } else {
          kept.append((task, layout.level))
          left.remove(index + place.offset)
        }
      }
      guard !left.isEmpty else { continue }
      isBelowMissing = true
      levels.append(Level(level: layout.level, shareCount: count, missing: left))
    }
    // the end comes after all: one that waits already would be too early
    if !levels.isEmpty { stale += active.filter { $0.index == nil && !$0.isRunning } }
    let shared = Set(kept.filter { !$0.task.isRunning }.map(\.task.id))
    replaced = unique(stale.map { task in task.index.map { shared.contains(task.id) ? "\(task.id)_\($0)" : task.id } ?? task.id })
  }

  /// The scripts of all that is to be submitted, each after what it waits for: the arrays, lowest level first, and the
  /// end, without one.
  ///
  /// - Parameter hand: submits one, which waits for the jobs given, and returns its id.
  package func eachScript(
    _ setting: SlurmScript.Setting, largestIndex: Int,
    _ hand: (SlurmScript, SlurmScript.Array?, _ after: [String]) throws -> String
  ) rethrows {
    // all that is below a level is waited for
    var before: [String] = []
    for layout in allLevels {
      var ids = keptIDs(level: layout.level)
      for array in levels.first(where: { $0.level == layout.level })?.arrays(largestIndex: largestIndex) ?? [] {
        ids.append(try hand(SlurmScript(array, after: before, setting), array, before))
      }
      before += ids
    }
    _ = try hand(SlurmScript(endAfter: before, setting), nil, before)
  }
}
