import CKernels
import Geometry
import Memory

/// Many rows of a plane at once, straight into the output: of one view that is shifted, or for the average of several.
final class ShiftedPlanes {
  private let patch: ViewPatch
  private let places: SeparablePlaces
  /// Whether samples are linear, or, by a spline, all voxels.
  private let isLinear: Bool
  private let room: ScratchBuffer
  /// The shift from output x to the view's x, and the fraction of a voxel; nil if it is no shift.
  private let shift: (columns: Int, fraction: Double)?
  /// Whether rows are stored voxels as they are, of a type without NaN.
  private let isPlainCopy: Bool

  /// - Parameter room: what is worked in, kept from one view to the next.
  init(_ patch: ViewPatch, _ places: SeparablePlaces, isLinear: Bool, room: ScratchBuffer) {
    (self.patch, self.places, self.isLinear, self.room) = (patch, places, isLinear, room)
    shift = places.shift
    let isCopied = !isLinear || (places.lines.z.isWholeShift && places.lines.y.isWholeShift && shift?.fraction == 0)
    isPlainCopy = shift != nil && isCopied && !places.view.isScaled && patch.elementType.isInteger
  }

  /// Whether `store` gives what sampling rows and then converting them would give: the rows are stored voxels as they are,
  /// or such as `hasKernel` says.
  func stores(as conversion: OutputConversion, inSingle: Bool) -> Bool {
    (isPlainCopy && isStored(in: conversion)) || hasKernel(for: conversion, inSingle: inSingle)
  }

  /// Whether rows are linear samples at the same fractions, of a type that has kernels and is the output's.
  ///
  /// - Parameter inSingle: whether the job is computed in single precision, as the kernels are.
  func hasKernel(for conversion: OutputConversion, inSingle: Bool) -> Bool {
    let type = patch.elementType
    return inSingle && isLinear && shift != nil && !places.view.isScaled && isStored(in: conversion)
      && conversion.rounding != .truncate && (type == .uint8 || type == .uint16)
  }

  private func isStored(in conversion: OutputConversion) -> Bool {
    places.lines.y.scale == 1 && patch.elementType == conversion.type && conversion.range == nil
  }

  /// Writes the samples of output rows `rows` of a plane, of x in `range`, which lies in their intervals; rows of the
  /// target are `rowByteCount` apart. Only if `stores` says so.
  func store(z: Int, rows: Range<Int>, x range: Range<Int>, into target: UnsafeMutableRawPointer, rowByteCount: Int) {
    if isPlainCopy { return copy(z: z, rows: rows, x: range, into: target, rowByteCount: rowByteCount) }
    let (source, strides, fractions) = source(z: z, y: rows.lowerBound, x: range.lowerBound)
    let numbers = room.reserve(Float.self, count: 3 * (range.count + 1))
    if patch.elementType == .uint8 {
      ck_shift_u8(
        source.assumingMemoryBound(to: UInt8.self), strides, fractions, rows.count, range.count,
        target.assumingMemoryBound(to: UInt8.self), rowByteCount, numbers)
    } else {
      ck_shift_u16(
        source.assumingMemoryBound(to: UInt16.self), strides, fractions, rows.count, range.count,
        target.assumingMemoryBound(to: UInt16.self), rowByteCount / 2, numbers)
    }
  }

  private func copy(
    z: Int, rows: Range<Int>, x range: Range<Int>, into target: UnsafeMutableRawPointer, rowByteCount: Int
  ) {
    let bytes = patch.elementType.byteCount
    let first = patch.voxel(
      z: places.sample(0, at: z).base, y: places.sample(1, at: rows.lowerBound).base, x: column(range.lowerBound))
    for i in 0..<rows.count {
      (target + i * rowByteCount).copyMemory(from: first + i * patch.rowStride * bytes, byteCount: range.count * bytes)
    }
  }

  /// The view's x of an output x.
  private func column(_ x: Int) -> Int { x + (shift?.columns ?? 0) }

  private func source(
    z: Int, y: Int, x: Int
  ) -> (voxels: UnsafeRawPointer, strides: ck_strides, fractions: ck_fractions) {
    let (zBase, zFraction) = places.lines.z.position(at: z)
    let (yBase, yFraction) = places.lines.y.position(at: y)
    return (
      patch.voxel(z: zBase, y: yBase, x: column(x)),
      ck_strides(row: patch.rowStride, plane: patch.planeStride),
      ck_fractions(z: Float(zFraction), y: Float(yFraction), x: Float(shift?.fraction ?? 0))
    )
  }

  /// The samples and weights of rows, for an average with other views. Only if `hasKernel` says so; valid until the next call.
  func shiftedView(z: Int, rows: Range<Int>, x range: Range<Int>) -> ck_shifted_view {
    let (source, strides, fractions) = source(z: z, y: rows.lowerBound, x: range.lowerBound)
    let distances = room.reserve(Float.self, count: 2 * rows.count)
    for (i, y) in rows.enumerated() { (distances[2 * i], distances[2 * i + 1]) = places.rowDistances(z: z, y: y) }
    let hats = places.hats(from: range.lowerBound)
    return ck_shifted_view(
      voxels: source, from: strides, fraction: fractions, near_hats: hats.near, far_hats: hats.far, distances: distances)
  }
}
