import CZlib
import Geometry

/// Compresses the tiles of a piece, one after the other; what a tile has beyond the end of a page is 0.
///
/// Thread-confined.
final class TilePacker {
  private let cut: TileCut
  private let elementByteCount: Int
  private let tile: UnsafeMutableRawBufferPointer
  private let packed: UnsafeMutableRawBufferPointer

  init(_ cut: TileCut, elementByteCount: Int) {
    (self.cut, self.elementByteCount) = (cut, elementByteCount)
    let byteCount = cut.tile.rows * cut.tile.columns * elementByteCount
    tile = .allocate(byteCount: byteCount, alignment: 64)
    packed = .allocate(byteCount: Int(compressBound(uLong(byteCount))), alignment: 64)
  }

  deinit {
    tile.deallocate()
    packed.deallocate()
  }

  /// - Parameters:
  ///   - voxels: of the piece, in C order; nil: all are 0.
  ///   - body: gets the bytes, the page and the number of the tile on it.
  func pack(
    _ piece: TileCut.Piece, _ voxels: UnsafeRawBufferPointer?, body: (UnsafeRawBufferPointer, _ page: Int, _ tile: Int) throws -> Void
  ) throws {
    let shape = piece.box.shape
    for z in 0..<shape[0] {
      for row in 0..<ceilDivide(shape[1], cut.tile.rows) {
        for column in 0..<ceilDivide(shape[2], cut.tile.columns) {
          tile.initializeMemory(as: UInt8.self, repeating: 0)
          if let voxels { fill(z, row, column, of: shape, from: voxels) }
          let number = (piece.first.row + row) * cut.count.columns + piece.first.column + column
          try body(compressed(), piece.page + z, number)
        }
      }
    }
  }

  private func fill(_ z: Int, _ row: Int, _ column: Int, of shape: Index3, from voxels: UnsafeRawBufferPointer) {
    let (top, left) = (row * cut.tile.rows, column * cut.tile.columns)
    let count = min(cut.tile.columns, shape[2] - left) * elementByteCount
    for y in 0..<min(cut.tile.rows, shape[1] - top) {
      let from = ((z * shape[1] + top + y) * shape[2] + left) * elementByteCount
      UnsafeMutableRawBufferPointer(rebasing: tile[(y * cut.tile.columns * elementByteCount)...].prefix(count))
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: voxels[from...].prefix(count)))
    }
  }

  private func compressed() -> UnsafeRawBufferPointer {
    var length = uLong(packed.count)
    let status = compress2(
      packed.baseAddress?.assumingMemoryBound(to: UInt8.self), &length, tile.baseAddress?.assumingMemoryBound(to: UInt8.self),
      uLong(tile.count), 6)
    // the target is as large as zlib asks for: what is left is no memory, which Swift does not survive anywhere
    precondition(status == Z_OK, "out of memory")
    return UnsafeRawBufferPointer(rebasing: packed[..<Int(length)])
  }
}
