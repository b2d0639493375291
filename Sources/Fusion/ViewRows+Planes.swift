import CKernels
import Geometry

/// Many rows of a plane at once, straight into the output: of a view that is shifted, and alone decides them.
extension ViewRows {
  /// The end of the rows from y on, no further than the region's, that have samples at the same x.
  func endOfRowsAlike(from y: Int) -> Int {
    guard view.mapClass == .separable else { return y + 1 }
    let next = y < valid[1].lowerBound ? valid[1].lowerBound : y < valid[1].upperBound ? valid[1].upperBound : .max
    return min(next, region.upper[1])
  }

  /// Whether `storePlane` gives what `sample` and then a conversion would: stored voxels as they are, or linear samples
  /// at the same fractions everywhere, in types with a kernel.
  func storesPlanes(as conversion: OutputConversion) -> Bool {
    guard view.mapClass == .separable, lines[1].scale == 1, view.elementType == conversion.type,
      conversion.range == nil
    else { return false }
    if isPlainCopy { return true }
    return S.self == Float.self && order == 1 && !isConstant && !view.isScaled && conversion.rounding != .truncate
      && columnShift != nil && (view.elementType == .uint8 || view.elementType == .uint16)
  }

  /// Writes the samples of output rows `rows` of a plane, of x in `range`, which lies in their intervals; rows of the
  /// target are `rowByteCount` apart. Only where `storesPlanes`.
  func storePlane(z: Int, rows: Range<Int>, x range: Range<Int>, into target: UnsafeMutableRawPointer, rowByteCount: Int) {
    let bytes = view.elementType.byteCount
    if isPlainCopy {
      let source = storedRow(z: z, y: rows.lowerBound, x: range.lowerBound)
      let sourceByteCount = patchBox.shape[2] * bytes
      for i in 0..<rows.count {
        (target + i * rowByteCount).copyMemory(from: source + i * sourceByteCount, byteCount: range.count * bytes)
      }
      return
    }
    let (zBase, zFraction) = lines[0].position(at: z)
    let (yBase, yFraction) = lines[1].position(at: rows.lowerBound)
    let first = patchOffset(zBase, yBase) + range.lowerBound + (columnShift ?? 0)
    let source = UnsafeRawPointer(patch.base) + first * bytes
    let strides = ck_strides(row: patchBox.shape[2], plane: patchBox.shape[1] * patchBox.shape[2])
    let fractions = ck_fractions(z: Float(zFraction), y: Float(yFraction), x: Float(fractionX))
    let numbers = plane.reserve(Float.self, count: 3 * (range.count + 1))
    if view.elementType == .uint8 {
      ck_shift_u8(
        source.assumingMemoryBound(to: UInt8.self), strides, fractions, rows.count, range.count,
        target.assumingMemoryBound(to: UInt8.self), rowByteCount, numbers)
    } else {
      ck_shift_u16(
        source.assumingMemoryBound(to: UInt16.self), strides, fractions, rows.count, range.count,
        target.assumingMemoryBound(to: UInt16.self), rowByteCount / 2, numbers)
    }
  }
}
