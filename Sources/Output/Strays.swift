import Files
import Foundation
import Geometry
import JobStore
import Planning
import Store
import Zarr

/// Files of an output folder that belong to no recorded block: temp files of killed runs, what stands in the place of a
/// folder, and chunks that were renamed into place but never recorded, or are recorded empty. Readers may see such a chunk;
/// a run makes it again, with equal bytes. What has a name that this program does not give is not its own, and no stray.
package struct Strays {
  package struct Stray: Sendable {
    package let path: String
    /// The block whose chunk it would be; nil for temp files and chunks outside the array.
    package var block: BlockID?
    /// Where something else stands in the place of a folder.
    package var obstacle: Obstacle?
  }

  let job: LoadedJob
  let store: JobStore

  package init(job: LoadedJob, store: JobStore) { (self.job, self.store) = (job, store) }

  /// Sorted within a folder. While somebody works on the job, what is a stray now may be a recorded block's a moment later.
  package func find() throws -> [Stray] {
    var strays: [Stray] = []
    let root = job.output.path
    for entry in entries(of: root) ?? [] where isTemporary(entry) { strays.append(Stray(path: "\(root)/\(entry.name)")) }
    for layout in job.plan.levels {
      let array = job.output.array(layout.level)
      let first = array.zarrFormat == 3 ? array.path + "/" + ZarrFileName.v3Chunks : array.path
      if array.path != root {
        guard let entries = entries(of: array.path) else {
          noteObstacle(array.path, into: &strays)
          continue
        }
        for entry in entries where isTemporary(entry) { strays.append(Stray(path: "\(array.path)/\(entry.name)")) }
      }
      try walk(first, index: [], layout: layout, axisCount: array.shape.count, into: &strays)
    }
    return strays
  }

  /// Folders are named by the indices of the axes, the files by the last one.
  private func walk(
    _ folder: String, index: [Int], layout: LevelLayout, axisCount: Int, into strays: inout [Stray]
  ) throws {
    let isLast = index.count == axisCount - 1
    var present: [(name: String, number: Int)] = []
    guard let entries = entries(of: folder) else { return noteObstacle(folder, into: &strays) }
    for entry in entries {
      if isTemporary(entry) {
        if !index.isEmpty { strays.append(Stray(path: "\(folder)/\(entry.name)")) }
      } else if let number = Self.number(entry.name) {
        present.append((entry.name, number))
      }
    }
    present.sort { $0.number < $1.number }
    if !isLast {
      for (name, number) in present {
        try walk("\(folder)/\(name)", index: index + [number], layout: layout, axisCount: axisCount, into: &strays)
      }
      return
    }
    guard let last = present.last else { return }
    var row = TCZYX.zero
    let axes = job.plan.axes
    for (axis, number) in zip(axes, index) { row[axis] = number }
    let grid = layout.grid
    row.x = 0
    let known: [BlockState] =
      grid.contains(row)
      ? try store.states(
        of: job.record.id, level: layout.level, t: row.t, c: row.c,
        blocks: Box3(lower: row.zyx, upper: Index3(row.z + 1, row.y + 1, min(grid.count.x, last.number + 1)))) : []
    for (name, number) in present where number >= known.count || known[number] != .done {
      var position = row
      position.x = number
      let isInside = grid.contains(position)
      strays.append(
        Stray(path: "\(folder)/\(name)", block: isInside ? BlockID(level: layout.level, position: position) : nil))
    }
  }

  /// A file in the place of a folder keeps every block below it from being written.
  private func noteObstacle(_ path: String, into strays: inout [Stray]) {
    let obstacle = Obstacle(path: path, kind: .folder)
    if obstacle.isThere { strays.append(Stray(path: path, obstacle: obstacle)) }
  }

  /// Nil where it is no folder, or cannot be read.
  private func entries(of folder: String) -> [StoreEntry]? {
    try? Place(folder).entries().filter(\.isText).sorted { $0.name < $1.name }
  }

  /// Whether it is the temp file of a chunk or of metadata.
  private func isTemporary(_ entry: StoreEntry) -> Bool {
    guard !entry.isFolder, let target = TemporaryName.target(of: entry.name) else { return false }
    return Self.number(target) != nil || ZarrFileName.all.contains(target)
  }

  private static func number(_ name: String) -> Int? {
    guard let number = Int(name), number >= 0, String(number) == name else { return nil }
    return number
  }
}
