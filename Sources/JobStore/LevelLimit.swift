import Geometry

/// The largest level whose blocks can be recorded. Asked when a job is planned and when it is recorded.
package enum LevelLimit {
  /// The longest axis, in voxels.
  static let length = 1 << 48
  static let blockCount = 1 << 48

  /// What is too large about a level; nil if it can be recorded.
  package static func excess(of layout: LevelLayout) -> String? {
    let shape = layout.shape.array
    guard shape.allSatisfy({ $0 <= length }) else { return "level \(layout.level) has \(shape) voxels, more than can be recorded" }
    let blocks = layout.grid.count.checkedProduct
    guard let blocks, blocks < blockCount, BrickLayout(grid: layout.grid.count).count <= BrickLayout.maximumBricks else {
      return "level \(layout.level) has \(blocks.map { "\($0) blocks" } ?? "too many blocks to count"), more than can be recorded"
    }
    return nil
  }
}
