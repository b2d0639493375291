import Geometry
import Views

/// The chunk of an output where nobody chose one: that of the first view's file, or a usual one where the file has none, or one
/// so small that an output of many views would be millions of files.
struct DefaultChunk {
  let shape: Index3
  /// What the first view's file has, where that is not taken for being small.
  let tooSmall: Index3?

  /// Chunks of fewer voxels are not taken.
  static let fewestVoxels = 32_768

  init(of first: ViewLevel, is3D: Bool) {
    let usual = is3D ? Index3(repeating: 256) : Index3(1, 2048, 2048)
    // pieces of TIFF and the like suit reading, not a volume
    guard first.storesChunks ?? true else {
      (shape, tooSmall) = (usual, nil)
      return
    }
    var own = first.chunk.zyx
    if !is3D { own[0] = 1 }
    let isSmall = own[0] * own[1] * own[2] < Self.fewestVoxels
    (shape, tooSmall) = (isSmall ? usual : own, isSmall ? own : nil)
  }

  /// Where the chunk of an output comes from, for people.
  static func source(_ chosen: [Axis: Int]?, first view: View, axes: [Axis]) -> String {
    let isChosen = axes.contains { chosen?[$0] != nil }
    if axes.allSatisfy({ chosen?[$0] != nil }) { return "output_chunksize" }
    let start = isChosen ? "output_chunksize, and " : ""
    if let small = DefaultChunk(of: view.level, is3D: axes.count == 3).tooSmall {
      return "\(start)the default, as those of view \"\(view.name)\" are small: \(text(small, axes))"
    }
    return start + (view.level.storesChunks ?? true ? "view \"\(view.name)\"" : "the default, as view \"\(view.name)\" has none that suit")
  }

  static func text(_ shape: Index3, _ axes: [Axis]) -> String {
    axes.map { String(shape[$0.spaceLane ?? 0]) }.joined(separator: " x ")
  }
}
