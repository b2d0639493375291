import Geometry
import Memory

/// The stored voxels of a box of a view, converted to corrected numbers. A view that needs this is sampled as if it had these
/// numbers stored, NaN where it has no value: no sampler knows of it.
///
/// Row by row while a row is in the processor's cache: converted, then flat field, then coefficients.
enum CorrectedVoxels {
  /// - Parameters:
  ///   - box: the voxels of the view that lie at `stored`, in C order without gaps.
  ///   - content: of `stored`.
  /// - Returns: the content of `numbers`: one where all voxels of the box are the same, else as many as the box has.
  static func convert<S: RowArithmetic>(
    _ stored: UnsafeRawPointer, _ content: PatchContent, of view: PlacedView, box: Box3, by correction: VoxelCorrection?,
    into numbers: UnsafeMutablePointer<S>
  ) -> PatchContent {
    let isConstant = content == .constant
    withVoxelType(
      view.elementType,
      MarkedBody(stored: stored, count: isConstant ? 1 : box.count, nodata: view.nodata, numbers: numbers))
    guard let correction, !correction.isNothing else { return content }
    let shape = box.shape
    if isConstant { numbers.update(repeating: numbers[0], count: box.count) }
    let (least, most) = range(of: view.elementType, S.self)
    for z in 0..<shape[0] {
      for y in 0..<shape[1] {
        let row = numbers + (z * shape[1] + y) * shape[2]
        let voxel = box.lower &+ Index3(z, y, 0)
        correction.flatField?.apply(to: row, count: shape[2], from: voxel, least: least, most: most)
        correction.coefficients?.apply(to: row, count: shape[2], from: voxel, of: view.shape)
      }
    }
    return .voxels
  }

  private static func range<S: RowArithmetic>(of type: ElementType, _: S.Type) -> (S, S) {
    type.isInteger ? (S(type.smallestInteger), S(type.largestInteger)) : (-S.infinity, S.infinity)
  }
}

/// The loop that converts voxels to numbers, and those of one value to NaN, one for each element type.
private struct MarkedBody<S: RowArithmetic>: VoxelBody {
  let stored: UnsafeRawPointer
  let count: Int
  let nodata: [UInt8]?
  let numbers: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    let voxels = stored.assumingMemoryBound(to: type)
    convertRow(voxels, count: count, into: numbers)
    guard let nodata, nodata.count == MemoryLayout<T>.size else { return }
    let missing = nodata.withUnsafeBytes { $0.loadUnaligned(as: type) }
    for i in 0..<count { numbers[i] = voxels[i] == missing ? .nan : numbers[i] }
  }
}
