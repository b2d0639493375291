import ArgumentParser
import Files
import Foundation
import Geometry
import JSON

/// Makes a mosaic to try blockfuse on: overlapping tiles of one made-up tissue, each with noise, at sub-voxel positions.
@main
struct Mosaic: ParsableCommand {
  enum Form: String, ExpressibleByArgument, CaseIterable { case json, fiji, bigstitcher }

  static let configuration = CommandConfiguration(
    commandName: "mosaic",
    abstract: "Make overlapping tiles of a made-up tissue, and the file that says where they are.",
    discussion: """
      json: OME-Zarr tiles and a dataset.json
      fiji: TIFF stacks and a TileConfiguration.registered.txt, as Fiji's stitching leaves them
      bigstitcher: OME-Zarr tiles and a dataset.xml, as BigStitcher leaves them
      """)

  @Argument(help: "The folder to make.") var folder: String
  @Option(help: "Which files: json, fiji or bigstitcher.") var form = Form.json
  @Option(help: "Tiles along y and x.") var tiles = "3x3"
  @Option(help: "Voxels of a tile along z, y, x.") var shape = "64,256,256"
  @Option(help: "Chunk of a tile along z, y, x.") var chunk = "32,128,128"
  @Option(help: "Part of a tile that neighbours share.") var overlap = 0.15
  @Option(help: "Rotation of tiles, at most, in degrees.") var rotation = 0.0
  @Option(help: "Angles in degrees from which the sample is seen, turned about y; each has all tiles.") var angles = "0"
  @Option(help: "Grey values.") var noise = 40.0
  @Option(help: "Start of the random numbers.") var seed: UInt64 = 1

  func run() throws {
    let size = try numbers(shape, 3)
    let inner = try numbers(chunk, 3)
    let grid = try numbers(tiles.replacingOccurrences(of: "x", with: ","), 2)
    let turns = angles.split(separator: ",").compactMap { Int($0) }
    guard overlap > 0, overlap < 0.9 else { throw ValidationError("--overlap must be between 0 and 0.9") }
    guard !turns.isEmpty, turns.count == angles.split(separator: ",").count, Set(turns).count == turns.count else {
      throw ValidationError("--angles \(angles): expected different whole numbers with commas")
    }
    guard form != .fiji || (rotation == 0 && turns == [0]) else {
      throw ValidationError("a TileConfiguration has positions only: leave out --rotation and --angles")
    }
    if FileManager.default.fileExists(atPath: folder) { throw ValidationError("\(folder) exists") }
    let tissue = Tissue(seed: seed)
    var random = RandomNumbers(seed: seed &+ 99)
    var made: [Tile] = []
    for angle in turns {
      for row in 0..<grid[0] {
        for column in 0..<grid[1] {
          let tile = tile(row, column, of: grid, Index3(size[0], size[1], size[2]), angle: turns.count > 1 ? angle : nil, &random)
          switch form {
          case .fiji: try FijiTile(folder: folder).write(tile, of: tissue, noise: noise, &random)
          case .json, .bigstitcher:
            try ZarrTile(folder: folder + "/tiles", chunk: Index3(inner[0], inner[1], inner[2])).write(
              tile, of: tissue, noise: noise, &random)
          }
          made.append(tile)
        }
      }
    }
    let (file, bytes) = dataset(made)
    try writeFileAtomically(bytes, to: "\(folder)/\(file)", sync: false)
    print("\(made.count) tiles of \(shape) voxels, and \(folder)/\(file)")
  }

  /// The tile of a row and column, somewhat off its place; with an angle it is turned about the middle of the sample.
  private func tile(_ row: Int, _ column: Int, of grid: [Int], _ shape: Index3, angle: Int?, _ random: inout RandomNumbers) -> Tile {
    let spacing = Vector3(1, 0.5, 0.5)
    let step = Vector3(0, Double(shape[1]) * (1 - overlap), Double(shape[2]) * (1 - overlap)) * spacing
    let jitter = Vector3(random.unit() - 0.5, random.unit() - 0.5, random.unit() - 0.5) * 4 * spacing
    let tilt = (random.unit() * 2 - 1) * rotation * .pi / 180
    var affine = AffineMap(
      rows: [Vector3(1, 0, 0), Vector3(0, cos(tilt), -sin(tilt)), Vector3(0, sin(tilt), cos(tilt))],
      translation: step * Vector3(0, Double(row), Double(column)) + jitter)
    if let angle {
      let (c, s) = (cos(Double(angle) * .pi / 180), sin(Double(angle) * .pi / 180))
      let rows = [Vector3(c, 0, -s), Vector3(0, 1, 0), Vector3(s, 0, c)]
      let middle = (Vector3(shape) * spacing + step * Vector3(0, Double(grid[0] - 1), Double(grid[1] - 1))) / 2
      let turn = AffineMap(rows: rows, translation: middle - AffineMap(rows: rows, translation: .zero)(middle))
      affine = turn.after(affine)
    }
    let name = "tile_\(row)_\(column)"
    return Tile(name: angle.map { "angle_\($0)_\(name)" } ?? name, shape: shape, spacing: spacing, affine: affine, angle: angle ?? 0)
  }

  private func dataset(_ tiles: [Tile]) -> (file: String, bytes: Data) {
    switch form {
    case .json:
      let views = tiles.map { tile in
        JSONValue.object([
          "name": .string(tile.name), "path": .string("tiles/\(tile.name).ome.zarr"),
          "transforms": .object(["registered": .array(tile.affine.homogeneous.map { .array($0.map { .double($0) }) })]),
        ])
      }
      return ("dataset.json", JSONValue.object(["views": .array(views)]).serialized(pretty: true))
    case .fiji: return ("TileConfiguration.registered.txt", Data(FijiTile.configuration(tiles).utf8))
    case .bigstitcher: return ("dataset.xml", Data(BigStitcherDataset(images: "tiles", tiles: tiles).xml.utf8))
    }
  }

  private func numbers(_ text: String, _ count: Int) throws -> [Int] {
    let values = text.split(separator: ",").compactMap { Int($0) }
    guard values.count == count, values.allSatisfy({ $0 > 0 }) else {
      throw ValidationError("\(text): expected \(count) whole numbers with commas")
    }
    return values
  }
}
