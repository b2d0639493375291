import Geometry
import JobStore
import Planning

/// From one level of a pyramid to the next: which voxels average which, and in what pieces that is done.
package struct PyramidStep: Sendable {
  let below: LevelLayout
  let above: LevelLayout
  private let elementByteCount: Int
  /// The voxels above that one chunk below makes, at the far ends too; nil where windows reach over two chunks.
  package let cell: Index3?

  package init(from below: LevelLayout, to above: LevelLayout, elementByteCount: Int) {
    (self.below, self.above, self.elementByteCount) = (below, above, elementByteCount)
    let chunk = below.chunk.zyx
    let size = chunk / above.factor
    let isWhole = (0..<3).allSatisfy {
      size[$0] > 0 && (below.shape.zyx[$0] <= chunk[$0] || size[$0] * above.factor[$0] == chunk[$0])
    }
    cell = isWhole ? size : nil
  }

  /// The voxels below that a box above averages.
  package func source(of box: Box3) -> Box3 { above.sourceVoxels(of: box) }

  /// A box above in parts that are made one at a time: cells, or else slabs, so that memory does not grow with the size
  /// of a block.
  package func parts(of box: Box3) -> [Box3] {
    guard let cell else { return slabs(of: box) }
    // what lies beyond the last whole window has no voxel above, and no cell
    let grid = BlockGrid(shape: TCZYX(zyx: above.shape.zyx), block: TCZYX(zyx: pointwiseMin(cell, above.shape.zyx)))
    let cells = grid.blocks(meeting: box)
    return cells.positions.map { grid.box(of: TCZYX(t: 0, c: 0, zyx: $0)).intersection(box) }
  }

  /// Planes, or rows of one where a plane is too much.
  private func slabs(of box: Box3) -> [Box3] {
    let row = above.factor[0] * above.factor[1] * source(of: box).shape[2] * elementByteCount
    let rows = max(1, MemoryPlan.pyramidPatchByteLimit / max(row, 1))
    let height = max(1, min(rows, box.shape[1]))
    let depth = max(1, rows / max(box.shape[1], 1))
    return stride(from: box.lower[0], to: box.upper[0], by: depth).flatMap { z in
      stride(from: box.lower[1], to: box.upper[1], by: height).map { y in
        var part = box
        (part.lower[0], part.upper[0]) = (z, min(z + depth, box.upper[0]))
        (part.lower[1], part.upper[1]) = (y, min(y + height, box.upper[1]))
        return part
      }
    }
  }
}
