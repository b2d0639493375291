import Geometry

/// Which of some tiles are needed for the voxels of a block.
struct TileMarks {
  /// The tiles that may be marked, by their place in the grid.
  let tiles: Box3
  private let grid: TileGrid
  private var isMarked: [Bool]

  /// Nothing is marked.
  ///
  /// - Parameter box: the voxels that tiles may be marked for.
  init(_ grid: TileGrid, for box: Box3) {
    self.grid = grid
    tiles = grid.tiles(around: box)
    isMarked = Array(repeating: false, count: tiles.count)
  }

  /// Marks the tiles that the weights of some columns of a row come from.
  mutating func mark(z: Int, y: Int, x: Range<Int>) {
    let (tileZ, tileY) = (grid.place(z, axis: 0), grid.place(y, axis: 1))
    let columns = grid.tiles(around: x, axis: 2)
    for z in tileZ.tile...tileZ.next {
      for y in tileY.tile...tileY.next {
        let row = offset(z, y)
        for x in columns { isMarked[row + x] = true }
      }
    }
  }

  /// The marked tiles, as boxes of one row each, in C order.
  var runs: [Box3] {
    var runs: [Box3] = []
    for z in tiles.lower[0]..<tiles.upper[0] {
      for y in tiles.lower[1]..<tiles.upper[1] {
        let row = offset(z, y)
        var x = tiles.lower[2]
        while x < tiles.upper[2] {
          let first = x
          while x < tiles.upper[2] && isMarked[row + x] { x += 1 }
          if x > first { runs.append(Box3(lower: Index3(z, y, first), upper: Index3(z + 1, y + 1, x))) }
          x += 1
        }
      }
    }
    return runs
  }

  private func offset(_ z: Int, _ y: Int) -> Int {
    let shape = tiles.shape
    return ((z - tiles.lower[0]) * shape[1] + y - tiles.lower[1]) * shape[2] - tiles.lower[2]
  }
}
