import Geometry

/// One tile: voxels of the tissue where its affine leads, with noise.
struct Tile {
  var name: String
  /// Voxels along z, y, x.
  var shape: Index3
  /// Micrometres along z, y, x.
  var spacing: Vector3
  /// From the tile's micrometres to those of the sample.
  var affine: AffineMap
  var angle = 0

  /// A box of voxels, x fastest, from `corner` on. It may reach beyond the tile, whose tissue goes on there.
  func voxels(from corner: Index3, _ box: Index3, of tissue: Tissue, noise: Double, _ random: inout RandomNumbers) -> [UInt16] {
    var voxels: [UInt16] = []
    voxels.reserveCapacity(box[0] * box[1] * box[2])
    for z in 0..<box[0] {
      for y in 0..<box[1] {
        for x in 0..<box[2] {
          let p = affine(Vector3(corner &+ Index3(z, y, x)) * spacing)
          let value = tissue.value(at: p) + noise * (random.unit() + random.unit() + random.unit() - 1.5)
          voxels.append(UInt16(max(0, min(65535, value))))
        }
      }
    }
    return voxels
  }
}
