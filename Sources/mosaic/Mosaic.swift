import ArgumentParser
import Files
import Foundation
import Geometry
import JSON
import Zarr

/// Makes a mosaic to try blockfuse on: overlapping tiles of one made-up tissue, each with noise, at sub-voxel positions.
@main
struct Mosaic: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mosaic", abstract: "Makes overlapping OME-Zarr tiles of a made-up tissue, and their dataset.json.")

  @Argument(help: "The folder to make.") var folder: String
  @Option(help: "Tiles along y and x.") var tiles = "3x3"
  @Option(help: "Voxels of a tile along z, y, x.") var shape = "64,256,256"
  @Option(help: "Chunk of a tile along z, y, x.") var chunk = "32,128,128"
  @Option(help: "Part of a tile that neighbours share.") var overlap = 0.15
  @Option(help: "Rotation of tiles, at most, in degrees.") var rotation = 0.0
  @Option(help: "Grey values.") var noise = 40.0
  @Option(help: "Start of the random numbers.") var seed: UInt64 = 1

  func run() throws {
    let size = try numbers(shape, 3)
    let inner = try numbers(chunk, 3)
    let grid = try numbers(tiles.replacingOccurrences(of: "x", with: ","), 2)
    guard overlap > 0, overlap < 0.9 else { throw ValidationError("--overlap must be between 0 and 0.9") }
    if FileManager.default.fileExists(atPath: folder) { throw ValidationError("\(folder) exists") }
    let spacing = Vector3(1, 0.5, 0.5)
    let tissue = Tissue(seed: seed)
    var random = RandomNumbers(seed: seed &+ 99)
    var entries: [JSONValue] = []
    for row in 0..<grid[0] {
      for column in 0..<grid[1] {
        let name = "tile_\(row)_\(column)"
        let step = Vector3(0, Double(size[1]) * (1 - overlap), Double(size[2]) * (1 - overlap)) * spacing
        let jitter = Vector3(random.unit() - 0.5, random.unit() - 0.5, random.unit() - 0.5) * 4 * spacing
        let angle = (random.unit() * 2 - 1) * rotation * .pi / 180
        let affine = AffineMap(
          rows: [Vector3(1, 0, 0), Vector3(0, cos(angle), -sin(angle)), Vector3(0, sin(angle), cos(angle))],
          translation: step * Vector3(0, Double(row), Double(column)) + jitter)
        try write(
          name, shape: Index3(size[0], size[1], size[2]), chunk: Index3(inner[0], inner[1], inner[2]), spacing: spacing, affine: affine,
          tissue: tissue, random: &random)
        entries.append(
          .object([
            "name": .string(name), "path": .string("tiles/\(name).ome.zarr"),
            "transforms": .object([
              "registered": .array(affine.homogeneous.map { .array($0.map { .double($0) }) })
            ]),
          ]))
      }
    }
    let dataset = JSONValue.object(["views": .array(entries)]).serialized(pretty: true)
    try writeFileAtomically(dataset, to: folder + "/dataset.json", sync: false)
    print("\(entries.count) tiles of \(shape) voxels in \(folder)")
  }

  private func write(
    _ name: String, shape: Index3, chunk: Index3, spacing: Vector3, affine: AffineMap, tissue: Tissue,
    random: inout RandomNumbers
  ) throws {
    let group = "\(folder)/tiles/\(name).ome.zarr"
    let folders = FolderMaker(root: group)
    try FileManager.default.createDirectory(atPath: group + "/0", withIntermediateDirectories: true)
    let spec = ArraySpec(
      zarrFormat: 2, shape: TCZYX(zyx: shape).array, chunkShape: TCZYX(zyx: chunk).array, elementType: .uint16,
      compressor: .zstd(level: 1))
    let array = try ZarrArray(path: group + "/0", spec: spec)
    let image = OMEWriter(
      version: .v04, name: name, is3D: true, spacing: spacing, origin: .zero,
      levels: [OMEWriter.Level(path: "0", absoluteFactor: Index3(repeating: 1))],
      channels: [OMEChannel(label: "tissue", color: "00ff00")], elementType: .uint16)
    for file in image.groupFiles() { try writeFileAtomically(file.bytes, to: "\(group)/\(file.name)", sync: false) }
    for file in spec.metadataFiles() { try writeFileAtomically(file.bytes, to: "\(group)/0/\(file.name)", sync: false) }
    let context = CodecContext()
    let grid = BlockGrid(shape: TCZYX(zyx: shape), block: TCZYX(zyx: chunk))
    var voxels = [UInt16](repeating: 0, count: chunk[0] * chunk[1] * chunk[2])
    for i in 0..<grid.total {
      let position = grid.position(at: i)
      let corner = position.zyx &* chunk
      var k = 0
      for z in 0..<chunk[0] {
        for y in 0..<chunk[1] {
          for x in 0..<chunk[2] {
            let p = affine(Vector3(corner &+ Index3(z, y, x)) * spacing)
            let value = tissue.value(at: p) + noise * (random.unit() + random.unit() + random.unit() - 1.5)
            voxels[k] = UInt16(max(0, min(65535, value)))
            k += 1
          }
        }
      }
      try voxels.withUnsafeBytes { raw in
        let path = array.path + "/" + array.blockFile(position.array)
        try folders.ensureParent(of: path)
        var file = try AtomicFile(target: path, tag: "mosaic")
        try file.append(array.encodeChunk(raw, context: context))
        try file.commit()
      }
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

/// A made-up tissue: nuclei in clouds, and bright fibres; defined everywhere, so that every tile sees the same.
struct Tissue {
  private let lattice: [Float]
  private static let side = 32
  // turned against each other and the tiles, so that no lattice shows
  private static let turns = [turn(0.7, 0.9), turn(-0.5, 0.6), turn(1.9, -0.8)]

  init(seed: UInt64) {
    var random = RandomNumbers(seed: seed)
    lattice = (0..<Self.side * Self.side * Self.side).map { _ in Float(random.unit()) }
  }

  /// At a position in micrometres; grey values of about 100 to 4000.
  func value(at p: Vector3) -> Double {
    let q = Self.turns[2](p)
    let cloud = noise(q / 70)
    let density = max(0, min(1, 3 * (cloud - 0.42)))
    // where two surfaces meet
    let (a, b) = (noise(q / 45 + 9) - 0.5, noise(q / 38 + 21) - 0.5)
    let fibre = max(0, 1 - (a * a + b * b).squareRoot() / 0.035)
    let rest =
      110 + 260 * cloud + nuclei(Self.turns[0](p) / 12, share: 0.45 * density)
      + nuclei(Self.turns[1](p) / 9, share: 0.3 * density)
    return max(rest, 3400 * fibre * fibre * (3 - 2 * fibre))
  }

  private static func turn(_ a: Double, _ b: Double) -> AffineMap {
    AffineMap(
      rows: [
        Vector3(cos(b), -sin(b), 0), Vector3(cos(a) * sin(b), cos(a) * cos(b), -sin(a)),
        Vector3(sin(a) * sin(b), sin(a) * cos(b), cos(a)),
      ], translation: .zero)
  }

  /// At most one ball in each cube of the lattice, inside it; the more often, the larger `share` is.
  private func nuclei(_ p: Vector3, share: Double) -> Double {
    let floor = p.rounded(.down)
    let (z, y, x) = (Int(floor[0]), Int(floor[1]), Int(floor[2]))
    let presence = random(z, y, x)
    if presence > share { return 0 }
    let radius = 0.2 + 0.22 * random(z + 7, y + 3, x + 11)
    let room = 1 - 2 * radius
    let centre = Vector3(random(z + 13, y, x + 5), random(z + 5, y + 17, x), random(z, y + 9, x + 23)) * room + radius
    let d = p - floor - centre
    let distance = (d * d).sum().squareRoot() / radius
    if distance >= 1 { return 0 }
    // bright inside, soft at the rim
    let rim = min(1, 2.5 * (1 - distance))
    return (700 + 2600 * random(z + 3, y + 21, x + 8)) * rim * rim * (3 - 2 * rim)
  }

  private func random(_ z: Int, _ y: Int, _ x: Int) -> Double {
    let mask = Self.side - 1
    return Double(lattice[((z & mask) * Self.side + (y & mask)) * Self.side + (x & mask)])
  }

  /// Smooth noise from 0 to 1: a periodic lattice of random numbers, interpolated.
  private func noise(_ p: Vector3) -> Double {
    let floor = p.rounded(.down)
    let fraction = p - floor
    let weight = fraction * fraction * (3 - 2 * fraction)
    var sum = 0.0
    for corner in 0..<8 {
      var index = 0
      var w = 1.0
      for axis in 0..<3 {
        let up = corner >> axis & 1
        index = index * Self.side + ((Int(floor[axis]) + up) & (Self.side - 1))
        w *= up == 1 ? weight[axis] : 1 - weight[axis]
      }
      sum += w * Double(lattice[index])
    }
    return sum
  }
}

/// SplitMix64: the same numbers on every machine.
struct RandomNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// From 0 up to 1.
  mutating func unit() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Double((z ^ (z >> 31)) >> 11) / 9_007_199_254_740_992
  }
}
