import Geometry

/// What views weigh in each of some tiles, and, between the tiles' centres, at every voxel.
struct TileMap {
  private let grid: TileGrid
  private let tiles: Box3
  private var weights: [Float]

  /// All weights are 0.
  init(_ grid: TileGrid, tiles: Box3, views: Int) {
    (self.grid, self.tiles) = (grid, tiles)
    weights = Array(repeating: 0, count: views * tiles.count)
  }

  /// Sets what each view weighs in a tile.
  mutating func set(_ all: [Float], of tile: Index3) {
    let place = offset(tile[0], tile[1]) + tile[2]
    for k in all.indices { weights[k * tiles.count + place] = all[k] }
  }

  private func offset(_ z: Int, _ y: Int) -> Int {
    let shape = tiles.shape
    return ((z - tiles.lower[0]) * shape[1] + y - tiles.lower[1]) * shape[2] - tiles.lower[2]
  }

  /// Writes a view's weights at the voxels of a box: linear along z, then y, then x.
  func interpolate(view: Int, into target: MutableVoxelArray<Float>) {
    let box = target.box
    if box.isEmpty { return }
    let columns = (box.lower[2]..<box.upper[2]).map { grid.place($0, axis: 2) }
    let some = grid.tiles(around: box.lower[2]..<box.upper[2], axis: 2)
    weights.withUnsafeBufferPointer { weights in
      let own = weights.dropFirst(view * tiles.count)
      func row(_ z: Int, _ y: Int) -> Slice<UnsafeBufferPointer<Float>> {
        own.dropFirst(offset(z, y) + some.lowerBound).prefix(some.count)
      }
      var line = [Float](repeating: 0, count: some.count)
      for z in box.lower[0]..<box.upper[0] {
        let planes = grid.place(z, axis: 0)
        for y in box.lower[1]..<box.upper[1] {
          let rows = grid.place(y, axis: 1)
          let (a, b) = (row(planes.tile, rows.tile), row(planes.next, rows.tile))
          let (c, d) = (row(planes.tile, rows.next), row(planes.next, rows.next))
          for i in 0..<some.count {
            let first = Self.between(a[a.startIndex + i], b[b.startIndex + i], planes.fraction)
            let second = Self.between(c[c.startIndex + i], d[d.startIndex + i], planes.fraction)
            line[i] = Self.between(first, second, rows.fraction)
          }
          let out = target.row(z: z, y: y)
          for i in 0..<out.count {
            let (tile, next, fraction) = columns[i]
            out[i] = Self.between(line[tile - some.lowerBound], line[next - some.lowerBound], fraction)
          }
        }
      }
    }
  }

  @inline(__always)
  private static func between(_ a: Float, _ b: Float, _ fraction: Float) -> Float { a + fraction * (b - a) }
}
