import Diagnostics
import Files
import Geometry
import Threads
import Zarr

/// `TileConfiguration.txt` and `TileConfiguration.registered.txt` as a dataset. Places are in pixels, and the pixel is
/// that of the first tile that is chosen; positions in the tiles' own metadata are ignored. `dim = 3` says that tiles of one
/// plane have z, whose pixel size is that of the first chosen tile that has one.
extension DatasetFile {
  init(tileConfiguration bytes: [UInt8], path: String, choice: ViewChoice = ViewChoice()) throws(ViewsError) {
    let configuration = try TileConfiguration(String(decoding: bytes, as: UTF8.self), path: path)
    for tile in configuration.tiles {
      if let problem = PathProblem(tile.path) { throw .noPath(problem, tile.path, path: path, field: "line \(tile.line)") }
    }
    let folder = FilePath.folder(of: path)
    let names = DatasetFile.names(configuration.tiles.map(\.path))
    let chosen = try choice.places(among: names).map { DatasetEntry(name: names[$0], path: configuration.tiles[$0].path) }
    let first = try OpenedImage.first(of: chosen, in: folder, skipsMissing: choice.skipsMissing)
    let hasZ = first.is3D || first.plane != nil && configuration.dimensionCount == 3
    let axes = Axis.space.filter { hasZ || $0 != .z }
    var spacing: [Axis: Double] = [:]
    for axis in axes { spacing[axis] = axis.spaceLane.map { first.levels[0].stack.spacing[$0] } }
    if hasZ && !first.is3D { spacing[.z] = first.zSpacing ?? Self.zSpacing(of: chosen, in: folder) ?? 1 }
    let key = path.lowercased().hasSuffix(".registered.txt") ? "registered" : "stage"
    var entries: [DatasetEntry] = []
    entries.reserveCapacity(names.count)
    for (tile, name) in zip(configuration.tiles, names) {
      // x, y, z
      if !hasZ, tile.place.count == 3, tile.place[2] != 0 {
        throw .datasetInvalid(
          path: path, field: "line \(tile.line)", reason: "the tile is at z \(tile.place[2]), but the images have no z")
      }
      let place: [Axis: Double] = [.x: tile.place[0], .y: tile.place[1], .z: tile.place.count == 3 ? tile.place[2] : 0]
      let matrix = axes.indices.map { row in
        axes.indices.map { $0 == row ? 1.0 : 0.0 } + [(place[axes[row]] ?? 0) * (spacing[axes[row]] ?? 1)]
      }
      entries.append(
        DatasetEntry(
          name: name, path: tile.path, spacing: spacing, origin: spacing.mapValues { _ in 0 },
          transforms: [key: .constant(matrix + [axes.map { _ in 0.0 } + [1.0]])]))
    }
    self.init(path: path, entries: entries, digest: Digest(bytes).text)
    try checkNames()
  }

  /// The spacing along z of the first tile that has one. What is wrong with a tile is said when it is opened as a view.
  private static func zSpacing(of tiles: [DatasetEntry], in folder: String) -> Double? {
    parallelMap(count: tiles.count, threads: nil) { i in
      (try? OpenedImage.open(tiles[i], in: folder))?.zSpacing
    }.lazy.compactMap { $0 }.first
  }

  /// Names of files without their endings, or with them if names would be equal, or their paths.
  static func names(_ paths: [String]) -> [String] {
    let files = paths.map(FilePath.lastComponent)
    let stems = files.map { file in
      var stem = file[...]
      for ending in [".tif", ".tiff", ".zarr", ".ome"] where stem.lowercased().hasSuffix(ending) && stem.count > ending.count {
        stem.removeLast(ending.count)
      }
      return String(stem)
    }
    return [stems, files].first { Set($0).count == $0.count } ?? paths
  }
}
