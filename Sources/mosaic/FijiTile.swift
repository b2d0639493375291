import Files
import Foundation
import Geometry

/// A tile as ImageJ saves a stack: an uncompressed TIFF, a plane a page, the voxel size in micrometres.
///
/// The layout is that of TIFF 6.0; the description is what ImageJ writes and reads there.
struct FijiTile {
  var folder: String

  func write(_ tile: Tile, of tissue: Tissue, noise: Double, _ random: inout RandomNumbers) throws {
    let plane = Index3(1, tile.shape[1], tile.shape[2])
    let planeByteCount = UInt32(2 * plane[1] * plane[2])
    let description = Array(
      "ImageJ=1.54f\nimages=\(tile.shape[0])\nslices=\(tile.shape[0])\nunit=micron\nspacing=\(tile.spacing[0])\n\0".utf8)
    var file: [UInt8] = Array("II".utf8) + bytes(UInt16(42)) + bytes(UInt32(8))
    for z in 0..<tile.shape[0] {
      let entries: [(tag: UInt16, type: UInt16, count: UInt32, value: UInt32?)] = [
        (256, 4, 1, UInt32(plane[2])), (257, 4, 1, UInt32(plane[1])), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1),
        (270, 2, UInt32(description.count), nil), (273, 4, 1, nil), (277, 3, 1, 1), (278, 4, 1, UInt32(plane[1])),
        (279, 4, 1, planeByteCount), (282, 5, 1, nil), (283, 5, 1, nil), (296, 3, 1, 1),
      ]
      // behind the directory: the description, two rationals, and the plane
      let text = UInt32(file.count + 2 + 12 * entries.count + 4)
      let rational = text + UInt32(description.count)
      let voxels = rational + 16
      let places: [UInt16: UInt32] = [270: text, 273: voxels, 282: rational, 283: rational + 8]
      file += bytes(UInt16(entries.count))
      for entry in entries {
        file += bytes(entry.tag) + bytes(entry.type) + bytes(entry.count) + bytes(entry.value ?? places[entry.tag] ?? 0)
      }
      file += bytes(z == tile.shape[0] - 1 ? 0 : voxels + planeByteCount)
      file += description
      // pixels a micrometre
      for axis in [2, 1] { file += bytes(UInt32(1_000_000)) + bytes(UInt32((1_000_000 * tile.spacing[axis]).rounded())) }
      for voxel in tile.voxels(from: Index3(z, 0, 0), plane, of: tissue, noise: noise, &random) { file += bytes(voxel) }
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try writeFileAtomically(Data(file), to: "\(folder)/\(tile.name).tif", sync: false)
  }

  private func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }

  /// What Grid/Collection stitching writes beside the tiles: positions in pixels, x first.
  static func configuration(_ tiles: [Tile]) -> String {
    "# Define the number of dimensions we are working on\ndim = 3\n\n# Define the image coordinates\n"
      + tiles.map { tile in
        let place = tile.affine.translation / tile.spacing
        return "\(tile.name).tif; ; (\(place[2]), \(place[1]), \(place[0]))\n"
      }.joined()
  }
}
