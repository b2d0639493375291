import Geometry

/// The tiles that an output's content is judged by: the first begins at voxel 0, the last ones are cut at the output's end.
///
/// It depends on the whole output alone, never on a block, so every block has the same tiles.
struct TileGrid {
  /// The voxels of a tile along z, y, x: no more than the output has, and one along z where planes are fused each by itself.
  let size: Index3
  /// How many tiles there are along each axis.
  let count: Index3
  private let volume: Index3

  init(size wanted: Index3, _ context: FusionContext) {
    volume = pointwiseMax(context.outputVolume.shape, Index3(1, 1, 1))
    var size = pointwiseMin(wanted, volume)
    if !context.blendsZ { size[0] = 1 }
    self.size = size
    count = Index3(
      (volume[0] + size[0] - 1) / size[0], (volume[1] + size[1] - 1) / size[1], (volume[2] + size[2] - 1) / size[2])
  }

  /// How far from a voxel the tiles reach that its weight comes from, along each axis: less than one and a half.
  var reach: Index3 { Index3(Self.reach(size[0]), Self.reach(size[1]), Self.reach(size[2])) }

  private static func reach(_ size: Int) -> Int { max(0, 3 * size / 2 - 1) }

  /// The voxels of some tiles, which are given by their place in the grid.
  func voxels(of tiles: Box3) -> Box3 {
    Box3(lower: tiles.lower &* size, upper: pointwiseMin(tiles.upper &* size, volume))
  }

  /// The two tiles between whose centres a voxel lies along an axis, and how far from the first, in tiles. Beyond the outermost
  /// centres, and at a centre, both are the same tile.
  func place(_ voxel: Int, axis: Int) -> (tile: Int, next: Int, fraction: Float) {
    let (step, last) = (2 * size[axis], count[axis] - 1)
    let halves = 2 * voxel - (size[axis] - 1)
    if halves <= 0 { return (0, 0, 0) }
    let tile = halves / step
    if tile >= last { return (last, last, 0) }
    let rest = halves % step
    return (tile, rest == 0 ? tile : tile + 1, Float(rest) / Float(step))
  }

  /// The tiles that the weights of some voxels along an axis come from.
  func tiles(around voxels: Range<Int>, axis: Int) -> Range<Int> {
    if voxels.isEmpty { return 0..<0 }
    return place(voxels.lowerBound, axis: axis).tile..<(place(voxels.upperBound - 1, axis: axis).next + 1)
  }

  /// The tiles that the weights of a box of voxels come from.
  func tiles(around box: Box3) -> Box3 {
    let (z, y, x) = (
      tiles(around: box.lower[0]..<box.upper[0], axis: 0), tiles(around: box.lower[1]..<box.upper[1], axis: 1),
      tiles(around: box.lower[2]..<box.upper[2], axis: 2)
    )
    return Box3(
      lower: Index3(z.lowerBound, y.lowerBound, x.lowerBound), upper: Index3(z.upperBound, y.upperBound, x.upperBound))
  }
}
