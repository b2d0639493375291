import Files
import Foundation
import Geometry
import Zarr

/// A tile as an OME-Zarr 0.4 image of one level, without a place: the dataset says where it is.
struct ZarrTile {
  var folder: String
  var chunk: Index3

  func write(_ tile: Tile, of tissue: Tissue, noise: Double, _ random: inout RandomNumbers) throws {
    let group = "\(folder)/\(tile.name).ome.zarr"
    let folders = FolderMaker(root: group)
    try FileManager.default.createDirectory(atPath: group + "/0", withIntermediateDirectories: true)
    let spec = ArraySpec(
      zarrFormat: 2, shape: TCZYX(zyx: tile.shape).array, chunkShape: TCZYX(zyx: chunk).array, elementType: .uint16,
      compressor: .zstd(level: 1))
    let array = try ZarrArray(path: group + "/0", spec: spec)
    let image = OMEWriter(
      version: .v04, name: tile.name, is3D: true, spacing: tile.spacing, origin: .zero,
      levels: [OMEWriter.Level(path: "0", absoluteFactor: Index3(repeating: 1))],
      channels: [OMEChannel(label: "tissue", color: "00ff00")], elementType: .uint16)
    for file in image.groupFiles() { try writeFileAtomically(file.bytes, to: "\(group)/\(file.name)", sync: false) }
    for file in spec.metadataFiles() { try writeFileAtomically(file.bytes, to: "\(group)/0/\(file.name)", sync: false) }
    let context = CodecContext()
    let grid = BlockGrid(shape: TCZYX(zyx: tile.shape), block: TCZYX(zyx: chunk))
    for i in 0..<grid.total {
      let position = grid.position(at: i)
      let voxels = tile.voxels(from: position.zyx &* chunk, chunk, of: tissue, noise: noise, &random)
      try voxels.withUnsafeBytes { raw in
        let path = array.path + "/" + array.blockFile(position.array)
        try folders.ensureParent(of: path)
        var file = try AtomicFile(target: path, tag: "mosaic")
        try file.append(array.encodeChunk(raw, context: context))
        try file.commit()
      }
    }
  }
}
