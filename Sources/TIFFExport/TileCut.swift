import Geometry

/// How a region of a level is cut into the tiles of TIFF pages, and into pieces: tiles of several pages that are made at a
/// time, so that a chunk is decoded once where the region begins with one, and a few times else.
struct TileCut: Sendable {
  let region: LevelRegion
  /// Rows and columns of a tile: multiples of 16, as TIFF wants.
  let tile: (rows: Int, columns: Int)
  /// Tiles of a page.
  let count: (rows: Int, columns: Int)
  /// Ranges of z of the level.
  private let slabs: [Range<Int>]
  /// Rows and columns of a piece: whole tiles.
  private let side: (rows: Int, columns: Int)

  /// Of the voxels of a piece, unless one plane of it is more.
  static let pieceByteLimit = 64 << 20
  /// Shorter tiles make many, longer ones are much to read for little to see.
  private static let (shortest, longest) = (256, 1024)

  /// What is made at a time: voxels of the level at a time point and channel, and where they begin on the pages.
  struct Piece: Sendable {
    let t: Int
    let c: Int
    let box: Box3
    /// The number of the page of its first plane.
    let page: Int
    /// The row and column of its first tile.
    let first: (row: Int, column: Int)
  }

  init(_ region: LevelRegion, chunk: TCZYX, elementByteCount: Int) {
    self.region = region
    let shape = region.box.shape
    let rows = Self.lengths(chunk: chunk.y, region: shape[1])
    let columns = Self.lengths(chunk: chunk.x, region: shape[2])
    tile = (rows.tile, columns.tile)
    side = (rows.piece, columns.piece)
    count = (ceilDivide(shape[1], rows.tile), ceilDivide(shape[2], columns.tile))
    let depth = max(1, Self.pieceByteLimit / (rows.piece * columns.piece * elementByteCount))
    var slabs: [Range<Int>] = []
    var z = region.box.lower[0]
    while z < region.box.upper[0] {
      let end = min(region.box.upper[0], (z / chunk.z + 1) * chunk.z, z + depth)
      slabs.append(z..<end)
      z = end
    }
    self.slabs = slabs
  }

  private static func lengths(chunk: Int, region: Int) -> (tile: Int, piece: Int) {
    func rounded(_ length: Int, to step: Int) -> Int { ceilDivide(length, step) * step }
    var (tile, piece) = (longest / 2, rounded(chunk, to: longest / 2))
    if chunk <= longest {
      tile = rounded(chunk * max(1, ceilDivide(shortest, chunk)), to: 16)
      piece = tile
    }
    tile = min(tile, rounded(region, to: 16))
    return (tile, min(rounded(piece, to: tile), rounded(region, to: tile)))
  }

  var pageCount: Int { region.t.count * region.c.count * region.box.shape[0] }
  var tilesPerPage: Int { count.rows * count.columns }
  /// The most that a piece holds.
  var pieceVoxelCount: Int { (slabs.map(\.count).max() ?? 0) * side.rows * side.columns }

  private var grid: (rows: Int, columns: Int) {
    (ceilDivide(region.box.shape[1], side.rows), ceilDivide(region.box.shape[2], side.columns))
  }
  var pieceCount: Int { region.t.count * region.c.count * slabs.count * grid.rows * grid.columns }

  /// Pages are ordered by t, c and z; z changes fastest.
  func piece(_ number: Int) -> Piece {
    let grid = grid
    var rest = number
    func next(_ length: Int) -> Int {
      defer { rest /= length }
      return rest % length
    }
    let (column, row) = (next(grid.columns), next(grid.rows))
    let (slab, c, t) = (slabs[next(slabs.count)], next(region.c.count), rest)
    let lower = Index3(
      slab.lowerBound, region.box.lower[1] + row * side.rows, region.box.lower[2] + column * side.columns)
    let upper = Index3(
      slab.upperBound, min(lower[1] + side.rows, region.box.upper[1]), min(lower[2] + side.columns, region.box.upper[2]))
    return Piece(
      t: region.t.lowerBound + t, c: region.c.lowerBound + c, box: Box3(lower: lower, upper: upper),
      page: (t * region.c.count + c) * region.box.shape[0] + slab.lowerBound - region.box.lower[0],
      first: (row * side.rows / tile.rows, column * side.columns / tile.columns))
  }
}
