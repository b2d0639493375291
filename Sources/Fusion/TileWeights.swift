import Geometry
import Memory

/// The weights of `content_based_dct`: tiles are judged in every view that may have them, row of tiles by row of tiles, the views
/// are compared, and voxels lie between tiles.
final class TileWeights<S: RowArithmetic> {
  typealias Load = ContentWeights<S>.Load

  private let weights: ContentBasedDCTWeights
  private let grid: TileGrid
  private let quality: TileQuality
  /// The numbers of a row of tiles, tile by tile, and one row of a view's samples.
  private let tiles = ScratchBuffer()
  private let numbers = ScratchBuffer()
  private let results = ScratchBuffer()
  private let memory = SamplerMemory<S>()

  init(_ weights: ContentBasedDCTWeights, _ context: FusionContext) {
    self.weights = weights
    grid = weights.grid(context)
    quality = TileQuality(weights, grid, blendsZ: context.blendsZ)
  }

  // MARK: a block that goes row by row

  /// Returns the weights of each view of `touching`, over a box that has every voxel of `box` that the view shares with
  /// another; nil for a view that shares none.
  ///
  /// - Parameters:
  ///   - touching: the views with samples in the box.
  ///   - around: those and all others with samples in the box's halo.
  ///   - viewCount: how many views there are in all.
  func weigh(
    _ box: Box3, touching: [PlacedView], around: [PlacedView], viewCount: Int, recipe: FusionRecipe, load: Load
  ) throws -> [VoxelArray<Float>?] {
    var marks = TileMarks(grid, for: box)
    let shared = SharedVoxels(box, touching, recipe) { marks.mark(z: $0, y: $1, x: $2) }
    if shared.count == 0 { return touching.map { _ in nil } }
    var map = TileMap(grid, tiles: marks.tiles, views: around.count)
    for run in marks.runs {
      let region = grid.voxels(of: run)
      let judged = try judge(run, views: around.count) { k in
        if around[k].inputBox(for: region, order: recipe.interpolationOrder).isEmpty { return false }
        let sampler = try load(around[k], memory, region)
        let row = numbers.reserve(S.self, count: region.shape[2])
        fill(run) { z, y in
          let x = sampler.interval(z: z, y: y)
          if !x.isEmpty { sampler.sample(z: z, y: y, x: x, into: row) }
          return (x, UnsafePointer(row))
        }
        return true
      }
      for (i, qualities) in judged.enumerated() {
        let tile = run.lower &+ Index3(0, 0, i)
        map.set(weights.weights(of: qualities, viewCount: viewCount), of: tile)
      }
    }
    var base = results.reserve(Float.self, count: shared.count)
    return zip(touching, shared.boxes).map { view, wanted in
      guard !wanted.isEmpty, let place = around.firstIndex(where: { $0.id == view.id }) else { return nil }
      defer { base += wanted.count }
      map.interpolate(view: place, into: MutableVoxelArray(box: wanted, base: base))
      return VoxelArray(box: wanted, base: UnsafePointer(base))
    }
  }

  /// The memory for the weights of a block, patches included, results apart.
  static func byteCount(
    _ recipe: FusionRecipe, _ weights: ContentBasedDCTWeights, _ box: Box3, views: [PlacedView]
  ) -> Int {
    let grid = weights.grid(recipe.context)
    let tiles = grid.tiles(around: box)
    var patch = 0
    // rows of tiles are read one by one; where there are very many, some at once say enough
    let step = (tiles.shape &+ 7) / 8
    for z in stride(from: tiles.lower[0], to: tiles.upper[0], by: step[0]) {
      for y in stride(from: tiles.lower[1], to: tiles.upper[1], by: step[1]) {
        let lower = Index3(z, y, tiles.lower[2])
        let some = Box3(lower: lower, upper: Index3(z + step[0], y + step[1], tiles.upper[2])).intersection(tiles)
        let region = grid.voxels(of: some)
        for view in views { patch = max(patch, FusionEngine<S>.viewByteCount(view, region, recipe.interpolationOrder)) }
      }
    }
    return patch
      + weights.scratchByteCount(wanted: box, context: recipe.context, views: views.count, gaps: false)
  }

  // MARK: whole arrays

  /// Writes the weights of all views from their resampled copies.
  func weigh(_ views: TransformedViews<S>, into weights: [MutableVoxelArray<Float>]) {
    guard let box = weights.first?.box else { return }
    let tiles = grid.tiles(around: box)
    let count = views.views.count
    var map = TileMap(grid, tiles: tiles, views: count)
    for z in tiles.lower[0]..<tiles.upper[0] {
      for y in tiles.lower[1]..<tiles.upper[1] {
        let run = Box3(lower: Index3(z, y, tiles.lower[2]), upper: Index3(z + 1, y + 1, tiles.upper[2]))
        let region = grid.voxels(of: run)
        let x = region.lower[2]..<region.upper[2]
        let judged = judge(run, views: count) { k in
          fill(run) { z, y in views.values[k].row(z: z, y: y, x: x).baseAddress.map { (x, $0) } }
          return true
        }
        for (i, qualities) in judged.enumerated() {
          map.set(
            self.weights.weights(of: qualities, viewCount: views.viewCount), of: Index3(z, y, tiles.lower[2] + i))
        }
      }
    }
    for k in 0..<count {
      map.interpolate(view: k, into: weights[k])
      clearGaps(weights[k], views.values[k])
    }
  }

  /// Where a view has no value it has no weight: a block that does not know of the view has the same sum of weights.
  private func clearGaps(_ weights: MutableVoxelArray<Float>, _ values: VoxelArray<S>) {
    let box = weights.box
    for z in box.lower[0]..<box.upper[0] {
      for y in box.lower[1]..<box.upper[1] {
        let (row, own) = (weights.row(z: z, y: y), values.row(z: z, y: y, x: box.lower[2]..<box.upper[2]))
        for i in 0..<row.count where own[i] != own[i] { row[i] = .nan }
      }
    }
  }

  // MARK: a row of tiles

  private var tileCapacity: Int { grid.size[0] * grid.size[1] * grid.size[2] }

  /// The qualities of each tile of a row in each view; nil where a view hardly has the tile.
  ///
  /// - Parameter read: puts the numbers of a view into the tiles; false if it has none there.
  private func judge(_ run: Box3, views: Int, read: (Int) throws -> Bool) rethrows -> [[Double?]] {
    let count = run.shape[2]
    var all = [[Double?]](repeating: Array(repeating: nil, count: views), count: count)
    let base = tiles.reserve(Float.self, count: count * tileCapacity)
    for k in 0..<views where try read(k) {
      for i in 0..<count {
        let tile = run.lower &+ Index3(0, 0, i)
        let shape = grid.voxels(of: Box3(lower: tile, upper: tile &+ 1)).shape
        all[i][k] = quality.quality(of: base + i * tileCapacity, shape: shape)
      }
    }
    return all
  }

  /// Puts a view's numbers into the tiles of a row, NaN where it has none.
  ///
  /// - Parameter row: the columns of a row at which the view may have numbers, and those.
  private func fill(_ run: Box3, row: (_ z: Int, _ y: Int) -> (x: Range<Int>, numbers: UnsafePointer<S>)?) {
    let region = grid.voxels(of: run)
    let base = tiles.reserve(Float.self, count: run.shape[2] * tileCapacity)
    let (height, size) = (region.shape[1], grid.size[2])
    for z in region.lower[0]..<region.upper[0] {
      for y in region.lower[1]..<region.upper[1] {
        let place = (z - region.lower[0]) * height + y - region.lower[1]
        let found = row(z, y)
        for i in 0..<run.shape[2] {
          let first = region.lower[2] + i * size
          let columns = first..<min(first + size, region.upper[2])
          let target = base + i * tileCapacity + place * columns.count
          guard let (x, numbers) = found, x.overlaps(columns) else {
            target.update(repeating: .nan, count: columns.count)
            continue
          }
          let some = x.clamped(to: columns)
          target.update(repeating: .nan, count: some.lowerBound - first)
          let (from, to) = (numbers + some.lowerBound - x.lowerBound, target + some.lowerBound - first)
          for j in 0..<some.count { to[j] = Float(from[j]) }
          (target + some.upperBound - first).update(repeating: .nan, count: columns.upperBound - some.upperBound)
        }
      }
    }
  }
}
