import CKernels
import Geometry

/// Many rows of a plane at once, straight into the output: of one view that is shifted, or for the average of several.
extension ViewRows {
  /// The end of the rows from y on, no further than the region's, that have samples at the same x.
  func endOfRowsAlike(from y: Int) -> Int {
    guard view.mapClass == .separable else { return y + 1 }
    let next = y < valid[1].lowerBound ? valid[1].lowerBound : y < valid[1].upperBound ? valid[1].upperBound : .max
    return min(next, region.upper[1])
  }

  /// Whether `storePlane` gives what `sample` and then a conversion would: stored voxels as they are, or such as
  /// `hasPlaneKernel` says.
  func storesPlanes(as conversion: OutputConversion) -> Bool {
    (isPlainCopy && view.elementType == conversion.type && conversion.range == nil && lines[1].scale == 1)
      || hasPlaneKernel(for: conversion)
  }

  /// Whether rows of the region are linear samples at the same fractions, of a type that has kernels and is the output's.
  func hasPlaneKernel(for conversion: OutputConversion) -> Bool {
    S.self == Float.self && order == 1 && view.mapClass == .separable && columnShift != nil && lines[1].scale == 1
      && !isConstant && !view.isScaled && view.elementType == conversion.type && conversion.range == nil
      && conversion.rounding != .truncate && (view.elementType == .uint8 || view.elementType == .uint16)
  }

  /// Writes the samples of output rows `rows` of a plane, of x in `range`, which lies in their intervals; rows of the
  /// target are `rowByteCount` apart. Only where `storesPlanes`.
  func storePlane(z: Int, rows: Range<Int>, x range: Range<Int>, into target: UnsafeMutableRawPointer, rowByteCount: Int) {
    let bytes = view.elementType.byteCount
    if isPlainCopy {
      let source = storedRow(z: z, y: rows.lowerBound, x: range.lowerBound)
      let sourceByteCount = rowStride * bytes
      for i in 0..<rows.count {
        (target + i * rowByteCount).copyMemory(from: source + i * sourceByteCount, byteCount: range.count * bytes)
      }
      return
    }
    let (source, strides, fractions) = planeSource(z: z, y: rows.lowerBound, x: range.lowerBound)
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

  private func planeSource(
    z: Int, y: Int, x: Int
  ) -> (voxels: UnsafeRawPointer, strides: ck_strides, fractions: ck_fractions) {
    let (zBase, zFraction) = lines[0].position(at: z)
    let (yBase, yFraction) = lines[1].position(at: y)
    let first = patchOffset(zBase, yBase) + x + (columnShift ?? 0)
    return (
      voxels + first * view.elementType.byteCount,
      ck_strides(row: rowStride, plane: planeStride),
      ck_fractions(z: Float(zFraction), y: Float(yFraction), x: Float(fractionX)))
  }

  /// The same rows for an average with other views: samples and weights. Only where `hasPlaneKernel`.
  func shiftedView(z: Int, rows: Range<Int>, x range: Range<Int>) -> ck_shifted_view {
    let (source, strides, fractions) = planeSource(z: z, y: rows.lowerBound, x: range.lowerBound)
    let distances = plane.reserve(Float.self, count: 2 * rows.count)
    for (i, y) in rows.enumerated() { (distances[2 * i], distances[2 * i + 1]) = rowDistances(z: z, y: y) }
    let nearHats = hats.base.assumingMemoryBound(to: Float.self) + (range.lowerBound - region.lower[2])
    return ck_shifted_view(
      voxels: source, from: strides, fraction: fractions, near_hats: nearHats,
      far_hats: nearHats + region.shape[2], distances: distances)
  }
}
