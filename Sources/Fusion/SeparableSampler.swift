import Geometry
import Memory

/// Samples of a view whose axes do not mix: shifts, scales, mirrors; linear or nearest.
///
/// Rows of the patch are blended along z and y while they are contiguous, then along x. The rows blended along z alone are
/// kept: the next output row mostly needs one of them again.
final class SeparableSampler<S: RowArithmetic>: RowSampler {
  /// What is worked in, kept from one view to the next.
  struct Memory {
    fileprivate let columns = ScratchBuffer()
    fileprivate let fractions = ScratchBuffer()
    fileprivate let planeRows = ScratchBuffer()
    fileprivate let blendedRow = ScratchBuffer()
  }

  private let patch: ViewPatch
  private let places: SeparablePlaces
  private let memory: Memory
  /// If output x to patch column is a shift: by how many columns, and the fraction of a column.
  private let columnShift: Int?
  private let fractionX: S
  /// Numbers of a row of the patch, and room for one beyond its end.
  private let rowLength: Int
  /// Which row, blended along z, each half of `planeRows` holds.
  private var planeRowKeys = (even: (z: Int.min, row: Int.min), odd: (z: Int.min, row: Int.min))
  private var blendedKey = (z: Int.min, y: Int.min)
  private var blended: UnsafeMutablePointer<S>?

  init(_ patch: ViewPatch, _ places: SeparablePlaces, _ memory: Memory) {
    (self.patch, self.places, self.memory) = (patch, places, memory)
    let shift = places.shift
    columnShift = shift.map { $0.columns - patch.box.lower[2] }
    fractionX = S(shift?.fraction ?? 0)
    rowLength = patch.box.shape[2] + 4
    if shift == nil { locateColumns() }
    // a number beyond the row's end is looked at with a fraction of 0
    memory.planeRows.reserve(S.self, count: 2 * rowLength).update(repeating: 0, count: 2 * rowLength)
    memory.blendedRow.reserve(S.self, count: rowLength).update(repeating: 0, count: rowLength)
  }

  /// Works out the patch column and the fraction of each output x.
  private func locateColumns() {
    let (width, x0) = (places.region.shape[2], places.region.lower[2])
    let index = memory.columns.reserve(Int32.self, count: width)
    let fractions = memory.fractions.reserve(S.self, count: width)
    for x in places.columns {
      let (base, fraction) = places.sample(2, at: x)
      index[x - x0] = Int32(truncatingIfNeeded: base - patch.box.lower[2])
      fractions[x - x0] = S(fraction)
    }
  }

  func sample(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    let (zBase, zFraction) = places.sample(0, at: z)
    let (yBase, yFraction) = places.sample(1, at: y)
    let isWholeRow = zFraction == 0 && yFraction == 0
    if isWholeRow, fractionX == 0, let columnShift {
      let column = range.lowerBound + columnShift + patch.box.lower[2]
      return patch.convert(patch.voxel(z: zBase, y: yBase, x: column), count: range.count, into: target)
    }
    let row = blendRow(z: z, y: y, zBase, S(zFraction), yBase, S(yFraction))
    if let columnShift {
      let source = row + (range.lowerBound + columnShift)
      if fractionX == 0 {
        target.update(from: source, count: range.count)
      } else {
        blend(source, source + 1, fraction: fractionX, count: range.count, into: target)
      }
    } else {
      blendColumns(row, range, into: target)
    }
  }

  private func blendColumns(_ row: UnsafePointer<S>, _ range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    let first = range.lowerBound - places.region.lower[2]
    let index = memory.columns.base.assumingMemoryBound(to: Int32.self) + first
    let fractions = memory.fractions.base.assumingMemoryBound(to: S.self) + first
    for i in 0..<range.count {
      let at = Int(index[i])
      // not even looked at with a fraction of 0: it may be NaN
      target[i] = fractions[i] == 0 ? row[at] : lerp(row[at], row[at + 1], fractions[i])
    }
    if !patch.hasExtremes { return }
    for i in 0..<range.count where !target[i].isFinite && fractions[i] != 0 {
      target[i] = ExtremeNumbers.interpolate(row[Int(index[i])], row[Int(index[i]) + 1], fractions[i])
    }
  }

  /// A row of the patch blended along z and y.
  private func blendRow(
    z: Int, y: Int, _ zBase: Int, _ zFraction: S, _ yBase: Int, _ yFraction: S
  ) -> UnsafeMutablePointer<S> {
    if blendedKey == (z, y), let blended { return blended }
    let first = planeRow(z: z, zBase, zFraction, yBase)
    let result: UnsafeMutablePointer<S>
    if yFraction == 0 {
      result = first
    } else {
      let second = planeRow(z: z, zBase, zFraction, yBase + 1)
      result = memory.blendedRow.base.assumingMemoryBound(to: S.self)
      blend(first, second, fraction: yFraction, count: patch.box.shape[2], into: result)
    }
    (blendedKey, blended) = ((z, y), result)
    return result
  }

  private func blend(
    _ a: UnsafePointer<S>, _ b: UnsafePointer<S>, fraction: S, count: Int, into target: UnsafeMutablePointer<S>
  ) {
    if patch.hasExtremes { return ExtremeNumbers.blend(a, b, fraction: fraction, count: count, into: target) }
    blendNumbers(a, b, fraction: fraction, count: count, into: target)
  }

  /// A row of the patch blended along z.
  private func planeRow(z: Int, _ zBase: Int, _ zFraction: S, _ row: Int) -> UnsafeMutablePointer<S> {
    let isOdd = row & 1 == 1
    let target = memory.planeRows.base.assumingMemoryBound(to: S.self) + (isOdd ? rowLength : 0)
    if isOdd {
      if planeRowKeys.odd == (z, row) { return target }
      planeRowKeys.odd = (z, row)
    } else {
      if planeRowKeys.even == (z, row) { return target }
      planeRowKeys.even = (z, row)
    }
    let count = patch.box.shape[2]
    let a = patch.row(z: zBase, y: row)
    if zFraction == 0 {
      patch.convert(a, count: count, into: target)
    } else {
      patch.blend(a, patch.row(z: zBase + 1, y: row), fraction: zFraction, count: count, into: target)
    }
    return target
  }
}
